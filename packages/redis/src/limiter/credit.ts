import type { Cost } from "bide";
import type { Step } from "./wire.js";

/** What was taken in advance. */
export interface Advance {
  readonly id: string;
  /** As JSON, as the script remembers it. */
  readonly cost: string;
  readonly amounts: Cost;
  /** Requests that have to leave more than this free may not use it. */
  readonly keepFree: number;
  readonly endsAtMs: number;
}

/** What a worker has taken in advance and hands out without asking anybody. Never spent after its end. */
export class Credit {
  readonly #advance: Advance;
  readonly #left: Map<string, number>;

  constructor(advance: Advance) {
    this.#advance = advance;
    this.#left = new Map(Object.entries(advance.amounts));
  }

  get endsAtMs(): number {
    return this.#advance.endsAtMs;
  }

  /** Spends from it; false when it is not enough, or over. */
  spend(cost: Cost, keepFree: number, nowMs: number): boolean {
    if (nowMs >= this.#advance.endsAtMs || keepFree > this.#advance.keepFree) return false;
    const amounts = Object.entries(cost);
    const isEnough = amounts.every(([currency, amount]) => amount <= (this.#left.get(currency) ?? amount));
    if (!isEnough) return false;
    for (const [currency, amount] of amounts) {
      const left = this.#left.get(currency);
      if (left !== undefined) this.#left.set(currency, left - amount);
    }
    return true;
  }

  /** What is left of a currency. */
  left(currency: string): number {
    return this.#left.get(currency) ?? 0;
  }

  /** The step that gives back what is left. */
  returned(): Step {
    const { id, cost, amounts } = this.#advance;
    const spent = Object.entries(amounts).map(
      ([currency, amount]) => [currency, amount - this.left(currency)] as const,
    );
    return { op: "return", id, cost, spent: Object.fromEntries(spent) };
  }
}

/** How much to take in advance: as much as was used up in the last time, and more as long as it is used up early. */
export class Appetite {
  readonly #most: number;
  #times = 0;
  #spent = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Something was spent without asking. */
  spent(): void {
    this.#spent++;
  }

  /** How often the cost of a request to take in advance, after the last credit ended as it did. */
  next(): number {
    const isUsedUp = this.#spent >= this.#times;
    this.#times = Math.min(this.#most, isUsedUp ? Math.max(4, this.#times * 2) : Math.max(4, this.#spent));
    this.#spent = 0;
    return Math.min(this.#times, this.#most);
  }
}
