import {
  type Cost,
  type LimiterStore,
  memoryLimiterStore,
  type Rate,
  type ReserveAnswer,
  type ReserveRequest,
  type ServerLevels,
  type Settlement,
  type StoreState,
} from "bide";
import { type Known, stateAt } from "./known.js";
import type { WireRate } from "./wire.js";

/** What decides while Redis does not: one worker's share of the quota as it was last known. */
export class LocalShare {
  readonly #store: LimiterStore = memoryLimiterStore();
  readonly #workers: number;

  /** @param workers Among how many the quota is shared. */
  constructor(known: Known, workers: number, nowMs: number) {
    this.#workers = workers;
    void this.#store.update(
      known.rates.map((rate) => this.#share(rate)),
      nowMs,
    );
    if (known.generation === "") return;
    const { currencies, pausedUntilMs } = stateAt(known, nowMs);
    const levels = Object.entries(currencies).map(([currency, { level }]) => {
      return [currency, { remaining: Math.max(0, level / workers) }] as const;
    });
    void this.#store.sync(Object.fromEntries(levels), nowMs);
    if (pausedUntilMs !== undefined) void this.#store.pause(pausedUntilMs - nowMs, nowMs);
  }

  reserve(request: ReserveRequest, nowMs: number): ReserveAnswer | PromiseLike<ReserveAnswer> {
    return this.#store.reserve(request, nowMs);
  }

  settle(settlement: Settlement, nowMs: number): void {
    void this.#store.settle(settlement, nowMs);
  }

  sync(levels: ServerLevels, nowMs: number): void {
    const shared = Object.entries(levels).map(([currency, told]) => {
      const { remaining } = told;
      return [
        currency,
        { ...told, remaining: remaining === undefined ? undefined : remaining / this.#workers },
      ] as const;
    });
    void this.#store.sync(Object.fromEntries(shared), nowMs);
  }

  pause(durationMs: number, nowMs: number): void {
    void this.#store.pause(durationMs, nowMs);
  }

  update(rates: readonly WireRate[], nowMs: number): void {
    void this.#store.update(
      rates.map((rate) => this.#share(rate)),
      nowMs,
    );
  }

  /** What may go here now. */
  state(nowMs: number): StoreState {
    return this.#store.state(nowMs);
  }

  /** What was taken here and has not come in again, by currency: Redis does not know of it. */
  owed(nowMs: number): Cost {
    const { currencies } = this.#store.state(nowMs);
    const missing = Object.entries(currencies).map(
      ([currency, { level, burst }]) => [currency, burst - level] as const,
    );
    return Object.fromEntries(missing.filter(([, amount]) => amount > 0));
  }

  /** The same limit in a longer time: what one request may cost at most stays what it is. */
  #share({ currency, limit, per, burst, ends }: WireRate): Rate {
    const n = this.#workers;
    const told = ends ? Number.POSITIVE_INFINITY : limit;
    return { currency, limit: told, perMs: per * n, burst: burst / n, isLearned: false };
  }
}
