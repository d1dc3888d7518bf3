import type { Cost } from "bide";
import type { Currency } from "./currencies.js";
import { LatelySum } from "./recent.js";

/** What was taken by a moment, by currency. */
export type Totals = Readonly<Partial<Record<Currency, number>>>;

/** When a request was sent, and what had been taken by then, itself included. */
export interface SentAt {
  readonly sentMs: number;
  readonly taken: Totals;
  /** The same without what was refused by then. */
  readonly admitted: Totals;
  /** What it cost itself. */
  readonly cost: Cost;
}

/** What a lane has spent since it began. */
export class Spent {
  readonly #lately = new LatelySum();
  #taken: Totals = {};
  #refused: Totals = {};

  /** A request goes. Returns what was taken by now, itself included. */
  take(cost: Cost, nowMs: number): SentAt {
    this.#taken = plus(this.#taken, cost);
    this.#lately.add(cost["requests"] ?? 0, nowMs);
    return { sentMs: nowMs, cost, taken: this.#taken, admitted: plus(this.#taken, this.#refused, -1) };
  }

  /** So much of what was taken was refused. */
  refuse(cost: Cost): void {
    this.#refused = plus(this.#refused, cost);
  }

  /** All that was taken by now. */
  taken(currency: Currency): number {
    return this.#taken[currency] ?? 0;
  }

  /** All that was let in by now. */
  admitted(currency: Currency): number {
    return this.taken(currency) - (this.#refused[currency] ?? 0);
  }

  /** How many requests went in the last second or so. */
  lately(nowMs: number): number {
    return this.#lately.value(nowMs);
  }
}

function plus(totals: Totals, cost: Readonly<Record<string, number | undefined>>, sign: 1 | -1 = 1): Totals {
  const sums: Record<string, number> = { ...totals };
  for (const currency in cost) sums[currency] = (sums[currency] ?? 0) + sign * (cost[currency] ?? 0);
  return sums;
}
