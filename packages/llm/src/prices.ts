import { BideError } from "bide";
import { checkKeys, optionError } from "bide/kit";
import type { Usage } from "./dialects/dialect.js";
import { isObject, parseJson } from "./json.js";

/** What a model costs per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Input that was read from a cache. @default the price of input */
  readonly cachedInput?: number | undefined;
}

/** Prices by the name of the model, as requests name it. */
export type Prices = Readonly<Record<string, Price>>;

/** Prices with the day that they are of, because prices change and a sum without its day is no fact. */
export interface PriceList {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** Stands before or behind every sum. */
  readonly currency: string;
  readonly models: Prices;
}

/** A file of prices is not as it must be. */
export class PriceListError extends BideError {
  override readonly code = "BIDE_LLM_PRICES";
  override get name(): "PriceListError" {
    return "PriceListError";
  }
  constructor(
    readonly file: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${reason}`, options);
  }
}

const KEYS = ["input", "output", "cachedInput"] as const;

/**
 * Reads a list of prices:
 * `{"date":"2026-09-23","currency":"USD","models":{"gpt-4o-mini":{"input":0.15,"output":0.6,"cachedInput":0.075}}}`
 *
 * @param file Its name, for the error.
 * @throws PriceListError naming the field that is not as it must be.
 */
export function parsePriceList(text: string, file: string): PriceList {
  const list = parseJson(text);
  if (!isObject(list)) throw new PriceListError(file, "expected a JSON object with `date`, `currency` and `models`");
  const { date, currency = "USD", models } = list;
  if (typeof date !== "string" || !/^\d{4}-\d\d-\d\d$/.test(date)) {
    throw new PriceListError(file, "`date` must be the day of the prices, such as 2026-09-23");
  }
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) {
    throw new PriceListError(file, "`currency` must be three letters, such as USD");
  }
  if (!isObject(models)) throw new PriceListError(file, "`models` must be an object: a price for each model's name");
  try {
    return { date, currency, models: checkedPrices(models) };
  } catch (cause) {
    throw new PriceListError(file, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** @throws OptionError for a price that is no number >= 0. */
export function checkPrices(prices: Prices): void {
  checkedPrices(prices);
}

function checkedPrices(prices: Readonly<Record<string, unknown>>): Prices {
  return Object.fromEntries(Object.entries(prices).map(([model, price]) => [model, checkedPrice(model, price)]));
}

function checkedPrice(model: string, price: unknown): Price {
  if (!isObject(price)) throw optionError(`models.${model}`, "an object with `input` and `output`", price);
  checkKeys(price, KEYS, `the price of ${model}`);
  const amount = (key: (typeof KEYS)[number]): number => {
    const value = price[key];
    if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
    throw optionError(`models.${model}.${key}`, "a number >= 0, per million tokens", value);
  };
  const cached = price["cachedInput"] === undefined ? {} : { cachedInput: amount("cachedInput") };
  return { input: amount("input"), output: amount("output"), ...cached };
}

/** The day of a snapshot (`gpt-4o-mini-2024-07-18`, `claude-haiku-4-5-20251001`, `gemini-2.0-flash-001`), or `-latest`. */
const SNAPSHOT = /-(\d{4}-\d\d-\d\d|\d{8}|\d{3,4}|latest)$/;

/**
 * The price of a model. Where its own name is not listed, that of the model without the day of its snapshot, or without the
 * router's prefix (`openai/gpt-4o-mini`), is taken.
 */
export function priceOf(prices: Prices, model: string): Price | undefined {
  const bare = model.replace(/^.*\//, "");
  for (const name of [model, model.replace(SNAPSHOT, ""), bare, bare.replace(SNAPSHOT, "")]) {
    if (Object.hasOwn(prices, name)) return prices[name];
  }
  return undefined;
}

/** What an answer cost; `undefined` for a model without a price, because nought would be a lie. */
export function costOf(prices: Prices, model: string | undefined, usage: Usage): number | undefined {
  const price = model === undefined ? undefined : priceOf(prices, model);
  if (price === undefined) return undefined;
  const { inputTokens, outputTokens, cachedTokens } = usage;
  const fresh = Math.max(0, inputTokens - cachedTokens);
  return (fresh * price.input + cachedTokens * (price.cachedInput ?? price.input) + outputTokens * price.output) / 1e6;
}
