import { costOf, PRICE_LIST, type PriceList, priceOf } from "@bide/llm";
import { optionError } from "bide/kit";
import type { BatchRequest } from "../formats/batch-request.js";
import { modelOf, mostOutputTokens } from "../formats/request-facts.js";
import type { Journal } from "../journal/journal.js";
import type { BatchOptions } from "./options.js";
import type { Sent } from "./send.js";

/** UTF-8 bytes per token at the least, so that a bound holds: numbers and code run down to about two. */
const LEAST_BYTES_PER_TOKEN = 2;

/** So many requests that set no bound to their answer go before it is known what one costs. */
const FIRST_UNKNOWN = 8;

/** Keeps the cost of a batch below a bound: before a request goes, the most that it can cost is set aside. */
export class CostBound {
  readonly #prices: PriceList;
  readonly #max: number;
  #spent: number;
  #reserved = 0;
  /** Requests for which something was set aside. */
  #out = 0;
  #priced = 0;
  #pricedCost = 0;
  #waiting: (() => void)[] = [];

  /** @param max In the currency of the prices. @param spent What earlier runs cost. */
  constructor(prices: PriceList, max: number, spent: number) {
    this.#prices = prices;
    this.#max = max;
    this.#spent = spent;
  }

  /** Sets the most aside that a request can cost, when others have left enough; `undefined` when nothing is left for it. */
  async reserve(request: BatchRequest): Promise<number | undefined> {
    for (;;) {
      const reserved = this.tryReserve(request);
      if (reserved !== "later") return reserved;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The same without waiting: `"later"`, when others hold what they may leave. */
  tryReserve(request: BatchRequest): number | "later" | undefined {
    if (this.#max === Number.POSITIVE_INFINITY) return 0;
    const most = this.#mostOf(request);
    // Nobody knows yet what such a request costs: a few of them tell.
    if (most === undefined && this.#out >= FIRST_UNKNOWN) return "later";
    if (this.#spent + this.#reserved + (most ?? 0) > this.#max) return this.#reserved === 0 ? undefined : "later";
    this.#reserved += most ?? 0;
    this.#out++;
    return most ?? 0;
  }

  /** Puts what a request did cost in the place of what was set aside for it. */
  settle(reserved: number, cost: number | undefined): void {
    this.#out = Math.max(0, this.#out - 1);
    this.#reserved = Math.max(0, this.#reserved - reserved);
    if (this.#reserved < 1e-12) this.#reserved = 0;
    this.#spent += cost ?? 0;
    if (cost !== undefined) {
      this.#priced++;
      this.#pricedCost += cost;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Where a request sets no bound to its answer, it is taken to cost what the others did; `undefined` while none is known. */
  #mostOf(request: BatchRequest): number | undefined {
    const price = priceOf(this.#prices.models, modelOf(request) ?? "");
    const outputTokens = mostOutputTokens(request);
    if (price === undefined || outputTokens === undefined)
      return this.#priced === 0 ? undefined : this.#pricedCost / this.#priced;
    const inputTokens = Buffer.byteLength(JSON.stringify(request.body)) / LEAST_BYTES_PER_TOKEN;
    return (inputTokens * price.input + outputTokens * price.output) / 1e6;
  }
}

/** @throws OptionError for a bound that is none. */
export function checkMaxCost(maxCost: number | undefined): void {
  if (maxCost !== undefined && !(maxCost > 0)) throw optionError("maxCost", "a number > 0", maxCost);
}

/** The bound of a batch that has cost something before. @throws OptionError for a bound on money that cannot be counted. */
export function costBoundOf(
  journal: Journal,
  {
    maxCost = Number.POSITIVE_INFINITY,
    prices = PRICE_LIST,
    model,
  }: Pick<BatchOptions, "maxCost" | "prices" | "model">,
): CostBound {
  if (maxCost === Number.POSITIVE_INFINITY) return new CostBound(prices, maxCost, 0);
  const models = model === undefined ? journal.models() : [model];
  const unpriced = models.find((name) => priceOf(prices.models, name) === undefined);
  if (unpriced !== undefined) throw optionError("prices", "a price for every model, because of `maxCost`", unpriced);
  return new CostBound(prices, maxCost, journal.costSoFar());
}

/** What an answer cost; `undefined` where its model has no price. */
export function costOfAnswer(prices: PriceList, model: string | undefined, sent: Sent): number | undefined {
  const { inputTokens, outputTokens, cachedTokens } = sent;
  return costOf(prices.models, model, { inputTokens, outputTokens, cachedTokens });
}
