/** A string in quotes. Numbers and booleans are plain; kinds that no field of ours uses are `undefined`. */
export interface Text {
  readonly text: string;
}

/** A byte sequence, as it was sent. */
export interface Bytes {
  readonly base64: string;
}

/** One value of a structured field. */
export type BareItem = number | boolean | Text | Bytes | undefined;

/** One member of a list, with its parameters. */
export interface Item {
  readonly value: BareItem;
  readonly parameters: ReadonlyMap<string, BareItem>;
}

/** The value's form, and what to make of the part that the form captures. */
const FORMS: readonly (readonly [form: RegExp, read: (part: string) => BareItem])[] = [
  [/(-?(?:\d{1,12}\.\d{1,3}|\d{1,15}))/y, Number],
  [/"((?:[ !#-[\]-~]|\\["\\])*)"/y, (part) => ({ text: part.replace(/\\(.)/g, "$1") })],
  [/:([A-Za-z0-9+/]*={0,2}):/y, (part) => ({ base64: part })],
  [/\?([01])/y, (part) => part === "1"],
  // A token, a date, a string of UTF-8: allowed wherever a value is, and of no use here.
  [/([A-Za-z*][\w!#$%&'*+\-.^`|~:/]*|@-?\d{1,15}|%"[ !#-~]*")/y, () => undefined],
];
const KEY = /; *([a-z*][a-z0-9_\-.*]*)/y;
const EQUALS = /(=)/y;
const COMMA = /([ \t]*,[ \t]*)/y;

/** A text, and how far it has been read. */
class Cursor {
  #position = 0;

  constructor(readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#position === this.text.length;
  }

  /** The part that `form` captures, where the text goes on like it; reads past it then. */
  take(form: RegExp): string | undefined {
    form.lastIndex = this.#position;
    const match = form.exec(this.text);
    if (match) this.#position = form.lastIndex;
    return match?.[1];
  }
}

/**
 * The members of a field that is a list of items, or `undefined` where the text is anything else: a field that is not
 * right to its last letter is to be ignored whole.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9651#section-4.2.1
 */
export function parseItems(field: string): readonly Item[] | undefined {
  const cursor = new Cursor(field.replace(/^ +| +$/g, ""));
  const items: Item[] = [];
  do {
    const item = takeItem(cursor);
    if (item === undefined) return undefined;
    items.push(item);
  } while (cursor.take(COMMA) !== undefined);
  return cursor.isAtEnd ? items : undefined;
}

function takeItem(cursor: Cursor): Item | undefined {
  const bare = takeBareItem(cursor);
  if (bare === undefined) return undefined;
  const parameters = new Map<string, BareItem>();
  for (let key = cursor.take(KEY); key !== undefined; key = cursor.take(KEY)) {
    // A parameter without a value is true.
    const value = cursor.take(EQUALS) ? takeBareItem(cursor) : { value: true };
    if (value === undefined) return undefined;
    parameters.set(key, value.value);
  }
  return { value: bare.value, parameters };
}

function takeBareItem(cursor: Cursor): { readonly value: BareItem } | undefined {
  for (const [form, read] of FORMS) {
    const part = cursor.take(form);
    if (part !== undefined) return { value: read(part) };
  }
  return undefined;
}
