import type { Decision } from "../classify/decision.js";
import { type Currency, currencyOf } from "./currencies.js";

/** What a refusal says of the limit that was hit. */
export interface LimitHit {
  /** `"concurrency"`: requests in flight. `undefined`: it does not say. */
  readonly currency: Currency | "concurrency" | undefined;
  readonly limit: number | undefined;
  /** What the request was charged, had it been let in. */
  readonly requested: number | undefined;
}

const CONCURRENT = /\bconcurren(t|cy)\b|\bparallel requests\b|\bin flight\b/i;
/** Says which time a limit on requests is for; without it, "requests" may as well mean how many run at once. */
const NAMES_A_TIME = /\bper (second|min|minute|day)\b|\b(RPM|RPD)\b/i;

/**
 * Reads a refusal: "Rate limit reached for … on tokens per min (TPM): Limit 200000, Used 199821, Requested 2295."
 * Requests without a time leave the currency open: nobody knows whether the rate or the number in flight was too high.
 */
export function limitHitOf(text: string, { class: type, evidence }: Decision): LimitHit {
  const limit = numberAfter(text, /\blimit:?\s{1,3}(\d[\d,]{0,14})/i);
  const requested = numberAfter(text, /\brequested:?\s{1,3}(\d[\d,]{0,14})/i);
  if (CONCURRENT.test(text)) return { currency: "concurrency", limit, requested };
  const { dimension } = evidence;
  if (dimension === undefined) return { currency: undefined, limit: undefined, requested };
  if (dimension === "requests" && !NAMES_A_TIME.test(text)) return { currency: undefined, limit: undefined, requested };
  const isDaily = type === "rate-long" && /\bper day\b|\b[RT]PD\b/i.test(text);
  return { currency: currencyOf(dimension, isDaily), limit, requested };
}

function numberAfter(text: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(text)?.[1]?.replaceAll(",", "");
  return digits === undefined || Number(digits) === 0 ? undefined : Number(digits);
}
