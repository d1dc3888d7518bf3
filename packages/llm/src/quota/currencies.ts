import type { Dimension } from "../classify/decision.js";

/** What a quota counts, by the name that it has in states and events. */
export type Currency = "requests" | "tokens" | "input-tokens" | "output-tokens" | "requests-day" | "tokens-day";

export const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The time that a limit is for. */
export const PERIOD_MS: Readonly<Record<Currency, number>> = {
  requests: MINUTE_MS,
  tokens: MINUTE_MS,
  "input-tokens": MINUTE_MS,
  "output-tokens": MINUTE_MS,
  "requests-day": DAY_MS,
  "tokens-day": DAY_MS,
};

/** The currency of a limit on this, in this time. */
export function currencyOf(dimension: Dimension, isDaily: boolean): Currency {
  if (dimension === "requests") return isDaily ? "requests-day" : "requests";
  return dimension === "tokens" && isDaily ? "tokens-day" : dimension;
}
