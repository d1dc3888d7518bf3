/** How an error message shows a value it did not expect. */
export function shown(value: unknown): string {
  return typeof value === "string" ? `\`${value}\` (string)` : `\`${String(value)}\` (${typeof value})`;
}

/** The error for an option that is not what it has to be. */
export function unexpected(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`expected \`${name}\` to be ${expected}, got ${shown(value)}`);
}

/** A whole number from `least` on; `Infinity` means no limit. */
export function wholeNumber(value: unknown, name: string, least = 1): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw unexpected(name, `an integer >= ${least}`, value);
}

/** A number from 0 on. */
export function positiveOrZero(value: unknown, name: string): number {
  if (typeof value === "number" && value >= 0) return value;
  throw unexpected(name, "a number >= 0", value);
}

/** A number above 0, and finite. */
export function positive(value: unknown, name: string): number {
  if (typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw unexpected(name, "a number > 0", value);
}

/** `true` or `false`. */
export function yesOrNo(value: unknown, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw unexpected(name, "true or false", value);
}

/** One of the given names. */
export function oneOf<T extends string>(known: readonly T[], value: unknown, name: string): T {
  const found = known.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw unexpected(name, `one of ${known.join(", ")}`, value);
}

/** A list, each item checked by its place, for instance `faults[2]`. */
export function listOf<T>(value: unknown, name: string, item: (value: unknown, name: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw unexpected(name, "a list", value);
  return value.map((entry, index) => item(entry, `${name}[${index}]`));
}

/** Text. */
export function text(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw unexpected(name, "text", value);
}

/** An object; with `fields`, one that has no others. */
export function objectOf(
  value: unknown,
  name: string,
  fields?: readonly string[],
): { readonly [field: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unexpected(name, "an object", value);
  for (const field of fields === undefined ? [] : Object.keys(value)) {
    if (fields?.includes(field) === false) {
      throw new TypeError(`\`${name}\` has no field \`${field}\`; the fields are ${fields.join(", ")}`);
    }
  }
  return { ...value };
}
