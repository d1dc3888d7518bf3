import { htmlEscape } from "escape-goat";

/** A piece of HTML that is safe to put into another one. */
export class Html {
  constructor(readonly text: string) {}
}

/** What a template may hold: pieces as they are, anything else escaped. */
type Value = Html | readonly Html[] | string | number;

/** Makes a piece of HTML; what is put in is escaped unless it is HTML itself. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const parts = strings.map((string, index) => string + (index < values.length ? textOf(values[index] ?? "") : ""));
  return new Html(parts.join(""));
}

/** Text that is HTML, or a style or a script, by its making. */
export function raw(text: string): Html {
  return new Html(text);
}

/** Data for a script, as JSON that cannot end the element that it stands in. */
export function jsonFor(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/</g, "\\u003c"));
}

function textOf(value: Value): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return htmlEscape(String(value));
}
