const NUMBER = /^\d{1,15}(?:\.\d+)?$/;
/** The dates of HTTP and of RFC 3339. `Date.parse` alone would read a date into any garbage. */
const DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))$/;

/** A number >= 0 in a header, and nothing around it. */
export function headerNumber(value: string | null): number | undefined {
  const text = value?.trim() ?? "";
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** Milliseconds since 1970 of a date in a header. */
export function headerDateMs(value: string | null): number | undefined {
  const text = value?.trim() ?? "";
  const ms = DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
