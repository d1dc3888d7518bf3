const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
  d: 864e5,
};
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/;
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g;

/** Milliseconds of a duration as Go prints it: `12ms`, `1s`, `6m0s`, `1h2m3.5s`. @see https://pkg.go.dev/time#Duration.String */
export function goDurationMs(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit = ""] of text.matchAll(PART)) sum += Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  return Number.isFinite(sum) ? sum : undefined;
}
