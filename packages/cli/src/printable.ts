// Everything but tab and line feed that a terminal would obey instead of showing. What comes from an endpoint must not be
// able to move the cursor, rename the window or fill the clipboard.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A text from outside, safe to print on a terminal. */
export function printable(text: string): string {
  return text.replace(CONTROLS, "");
}
