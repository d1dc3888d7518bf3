const UNIT_MS: readonly (readonly [RegExp, number])[] = [
  [/^(ms|millis?|milliseconds?)$/, 1],
  [/^(s|secs?|seconds?)$/, 1e3],
  [/^(m|mins?|minutes?)$/, 6e4],
  [/^(h|hrs?|hours?)$/, 36e5],
  [/^(d|days?)$/, 864e5],
];
/** "try again in 1m2.5s", "retry after 37 seconds", "Please retry in 53.01s", "reset after 2m 13s". */
const ASKED =
  /\b(?:try again|retry|retrying|resets?|available)\s+(?:in|after)\s+((?:\d{1,12}(?:\.\d{1,9})?\s{0,2}[a-z]{1,12}[\s,]{0,3}){1,5})/i;
const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)/gi;

/** The wait that an error message asks for in words, in milliseconds. */
export function textDurationMs(message: string): number | undefined {
  const [, asked] = ASKED.exec(message) ?? [];
  if (asked === undefined) return undefined;
  let sum: number | undefined;
  for (const [, amount, unit = ""] of asked.matchAll(PART)) {
    const unitMs = UNIT_MS.find(([name]) => name.test(unit.toLowerCase()))?.[1];
    // "retry after 37 seconds 2 of your requests …": what follows the duration is prose.
    if (unitMs === undefined) break;
    sum = (sum ?? 0) + Number(amount) * unitMs;
  }
  return sum;
}
