import type { Clock, Cost, ReserveRequest } from "bide";
import { startTimer } from "bide/kit";
import { Differences } from "./amounts.js";
import { Appetite, Credit } from "./credit.js";
import type { Reserved, Step } from "./wire.js";

/** How much may be taken in advance, and for how long. */
export interface AdvanceOptions {
  readonly most: number;
  readonly forMs: number;
}

/** What a worker has taken in advance, what came of it, and the one timer that tells Redis of both. */
export class Advances {
  readonly #options: AdvanceOptions;
  readonly #clock: () => Clock;
  readonly #tell: (step: Step) => void;
  readonly #appetite: Appetite;
  readonly #differences = new Differences();
  #credit: Credit | undefined;
  #stopTimer: (() => void) | undefined;

  /** @param tell Sends a step, and sees to it that it is not lost. */
  constructor(options: AdvanceOptions, clock: () => Clock, tell: (step: Step) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#tell = tell;
    this.#appetite = new Appetite(options.most);
  }

  /** Spends from what was taken in advance; false when it is not enough. */
  spend({ cost, keepFree }: ReserveRequest, nowMs: number): boolean {
    if (!this.#credit?.spend(cost, keepFree, nowMs)) return false;
    this.#appetite.spent();
    return true;
  }

  /** The step that asks for a request, and for more in advance. What was left of the last time goes back before it. */
  asking({ keepFree, jitterMs: jitter = 0 }: ReserveRequest, cost: string): Step {
    this.giveBack();
    const { most, forMs } = this.#options;
    return { op: "reserve", cost, keepFree, jitter, advance: most > 0 ? this.#appetite.next() : 0, advanceMs: forMs };
  }

  /** Keeps what came with an answer. @param sentMs When the request was sent: the server counts from later on. */
  hold({ cost, keepFree }: ReserveRequest, { times, advanceId, advanceCost }: Reserved, sentMs: number): void {
    if (times === 0) return;
    const amounts = Object.entries(cost).map(([currency, amount]) => [currency, amount * times] as const);
    const endsAtMs = sentMs + this.#options.forMs;
    this.giveBack();
    this.#credit = new Credit({
      ...{ id: advanceId, cost: advanceCost, keepFree, endsAtMs },
      amounts: Object.fromEntries(amounts),
    });
    this.#arm();
  }

  /** A reservation that Redis has no record of cost something else than was reserved. */
  settle(cost: Cost, actual: Cost): void {
    this.#differences.add(cost, actual);
    if (!this.#differences.isEmpty) this.#arm();
  }

  /** What is left of a currency. */
  left(currency: string, nowMs: number): number {
    const credit = this.#credit;
    return credit && nowMs < credit.endsAtMs ? credit.left(currency) : 0;
  }

  /** Tells Redis what is left, and what things cost. */
  giveBack(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const credit = this.#credit;
    this.#credit = undefined;
    if (credit) this.#tell(credit.returned());
    if (!this.#differences.isEmpty) this.#tell({ op: "adjust", amounts: this.#differences.take() });
  }

  #arm(): void {
    if (this.#stopTimer) return;
    const clock = this.#clock();
    this.#stopTimer = startTimer(clock, clock.nowMs() + this.#options.forMs, () => this.giveBack());
  }
}
