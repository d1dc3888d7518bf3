import { type LimitLevel, limitLevels } from "../hints/limit-headers.js";
import { type Currency, currencyOf, PERIOD_MS } from "./currencies.js";

/** What an answer's headers say of one currency. */
export interface Reading {
  readonly currency: Currency;
  /** Per minute or per day, as the currency counts. `undefined`: unknown. */
  readonly limit: number | undefined;
  readonly remaining: number | undefined;
}

const LEVEL_PER_MS: Readonly<Record<LimitLevel["per"], number>> = { second: 1000, minute: 60_000, day: 86_400_000 };

/** The readings in an answer's headers; garbage and negative numbers mean unknown, and a reading that knows nothing is left out. */
export function readingsOf(headers: Headers, dialect: string, serverNowMs: number): readonly Reading[] {
  return Object.entries(limitLevels(headers, dialect, serverNowMs)).flatMap(([dimension, level]) => {
    const { limit, remaining, per } = level;
    const currency = currencyOf(dimension as Parameters<typeof currencyOf>[0], per === "day");
    const scale = PERIOD_MS[currency] / LEVEL_PER_MS[per];
    // A limit of nothing is no limit that anybody could keep.
    const told = limit !== undefined && limit > 0 ? limit * scale : undefined;
    return told === undefined && remaining === undefined ? [] : [{ currency, limit: told, remaining }];
  });
}

/** What the provider charged for this very request, where it says so. */
export function chargedTokens(headers: Headers): number | undefined {
  const text = headers.get("x-ratelimit-tokens-query-cost") ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
