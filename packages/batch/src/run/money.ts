import { costOf, type PriceList, priceOf } from "@bide/llm";
import type { BatchRequest } from "../formats/batch-request.js";
import { modelOf, mostOutputTokens } from "../formats/request-facts.js";
import type { Sent } from "./send.js";

/** UTF-8 bytes per token at the least, so that a bound holds: numbers and code run down to about two. */
const LEAST_BYTES_PER_TOKEN = 2;

/** Keeps the cost of a batch below a bound: before a request goes, the most that it can cost is set aside. */
export class CostBound {
  readonly #prices: PriceList;
  readonly #max: number;
  #spent: number;
  #reserved = 0;
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
    if (this.#max === Number.POSITIVE_INFINITY) return 0;
    for (;;) {
      const most = this.#mostOf(request);
      if (this.#spent + this.#reserved + most <= this.#max) {
        this.#reserved += most;
        return most;
      }
      if (this.#reserved === 0) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Puts what a request did cost in the place of what was set aside for it. */
  settle(reserved: number, cost: number | undefined): void {
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

  /** Where a request sets no bound to its answer, it is taken to cost what the others did. */
  #mostOf(request: BatchRequest): number {
    const price = priceOf(this.#prices.models, modelOf(request) ?? "");
    const outputTokens = mostOutputTokens(request);
    if (price === undefined || outputTokens === undefined)
      return this.#priced === 0 ? 0 : this.#pricedCost / this.#priced;
    const inputTokens = Buffer.byteLength(JSON.stringify(request.body)) / LEAST_BYTES_PER_TOKEN;
    return (inputTokens * price.input + outputTokens * price.output) / 1e6;
  }
}

/** What an answer cost; `undefined` where its model has no price. */
export function costOfAnswer(prices: PriceList, model: string | undefined, sent: Sent): number | undefined {
  const { inputTokens, outputTokens, cachedTokens } = sent;
  return costOf(prices.models, model, { inputTokens, outputTokens, cachedTokens });
}
