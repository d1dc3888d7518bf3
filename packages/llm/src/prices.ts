import { checkKeys, optionError } from "bide/kit";
import type { Usage } from "./dialects/dialect.js";

/** What a model costs per million tokens, in whichever currency. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Input that was read from a cache. @default the price of input */
  readonly cachedInput?: number | undefined;
}

/** Prices by the name of the model, as requests name it. */
export type Prices = Readonly<Record<string, Price>>;

const KEYS = ["input", "output", "cachedInput"] as const;

/** @throws OptionError for a price that is no number >= 0. */
export function checkPrices(prices: Prices): void {
  for (const [model, price] of Object.entries(prices)) {
    checkKeys(price, KEYS, `the price of ${model}`);
    for (const key of KEYS) {
      const value = price[key] ?? (key === "cachedInput" ? 0 : undefined);
      if (!(typeof value === "number" && value >= 0))
        throw optionError(`prices.${model}.${key}`, "a number >= 0", value);
    }
  }
}

/** What an answer cost; 0 for a model without a price. */
export function costOf(prices: Prices, model: string | undefined, usage: Usage): number {
  const price = model === undefined ? undefined : prices[model];
  if (price === undefined) return 0;
  const { inputTokens, outputTokens, cachedTokens } = usage;
  const fresh = Math.max(0, inputTokens - cachedTokens);
  return (fresh * price.input + cachedTokens * (price.cachedInput ?? price.input) + outputTokens * price.output) / 1e6;
}
