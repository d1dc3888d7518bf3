import { type Cost, type Limits, ratesOf } from "../rate-limit/limits.js";
import type { LimiterStore, ReserveAnswer, ServerLevels } from "../rate-limit/store.js";
import { same } from "./conformance.js";

/** An empty store, and its time. */
export interface LimiterStoreBench {
  readonly store: LimiterStore;
  /** What the limiter's clock says. */
  nowMs(): number;
  /** Lets so much time pass, for the store's own clock too; where that cannot be turned, at least so much. */
  advance(ms: number): void | PromiseLike<void>;
  /**
   * How far the store's times may be off, in milliseconds: what a round trip and a sleep take where time cannot be turned.
   *
   * @default 0
   */
  readonly toleranceMs?: number | undefined;
}

/** Sets up a {@link LimiterStoreBench}; called once for each case. */
export type LimiterStoreSetup = () => LimiterStoreBench | PromiseLike<LimiterStoreBench>;

/** A bench with the steps that the cases are told in. */
export class Bench {
  readonly #bench: LimiterStoreBench;
  readonly toleranceMs: number;

  constructor(bench: LimiterStoreBench) {
    this.#bench = bench;
    this.toleranceMs = bench.toleranceMs ?? 0;
  }

  get store(): LimiterStore {
    return this.#bench.store;
  }

  now(): number {
    return this.#bench.nowMs();
  }

  async pass(ms: number): Promise<void> {
    await this.#bench.advance(ms);
  }

  async update(limits: Limits): Promise<void> {
    await this.store.update(ratesOf(limits), this.now());
  }

  async pause(ms: number): Promise<void> {
    await this.store.pause(ms, this.now());
  }

  async sync(levels: ServerLevels): Promise<void> {
    await this.store.sync(levels, this.now());
  }

  async ask(cost: Cost, keepFree = 0, jitterMs = 0): Promise<ReserveAnswer> {
    return this.store.reserve({ cost, keepFree, jitterMs }, this.now());
  }

  /** Asks for what has to be admitted, and returns what settles it. */
  async enter(cost: Cost, keepFree = 0, jitterMs = 0): Promise<(actual: Cost) => Promise<void>> {
    const answer = await this.ask(cost, keepFree, jitterMs);
    if (answer.kind !== "admitted") throw new Error(`expected ${shown(cost)} to be admitted, got ${shown(answer)}`);
    return async (actual) => {
      await this.store.settle({ id: answer.id, cost, actual }, this.now());
    };
  }

  /** Asks for what has to wait: so long, and for this. */
  async waits(cost: Cost, waitMs: number, binds: string, keepFree = 0): Promise<void> {
    const answer = await this.ask(cost, keepFree);
    if (answer.kind !== "wait") throw new Error(`expected ${shown(cost)} to wait, got ${shown(answer)}`);
    same(answer.binds, binds, "what it waits for");
    same(answer.waitMs, waitMs, `the wait for ${shown(cost)}`, this.toleranceMs);
  }

  level(currency: string): number {
    return this.store.state(this.now()).currencies[currency]?.level ?? Number.NaN;
  }
}

/** A value as a broken rule shows it. */
export function shown(value: unknown): string {
  return JSON.stringify(value);
}

/** A rule, the limits that it is shown with, and how. */
export type Case = readonly [title: string, limits: Limits, body: (bench: Bench) => Promise<void>];

/** One takes 100 ms to come in. */
export const TEN: Limits = { requests: { per: "1s", limit: 10, burst: 4 } };
/** The same, and tokens that come in ten at a time. */
export const TWO: Limits = {
  requests: { per: "1s", limit: 10, burst: 4 },
  tokens: { per: "1s", limit: 100, burst: 50 },
};
