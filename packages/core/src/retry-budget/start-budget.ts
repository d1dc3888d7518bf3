import { type Clock, defaultClock } from "../clock.js";
import type { BudgetState, RetryBudget } from "./options.js";
import { tellExhausted } from "./token-budget.js";

/** What moves the tokens of a {@link StartBudget}. */
export interface StartRules {
  /** How long a deposit counts. */
  readonly windowMs: number;
  /** Earned by each first call when it begins. */
  readonly perStart: number;
  /** Tokens per second that are there whatever happens. */
  readonly perSecond: number;
}

/** Deposits and withdrawals are forgotten in steps of a tenth of the window. */
const SLICES = 10;
const ROUNDING = 1e-9;

interface Slice {
  readonly index: number;
  readonly tokens: number;
}

/**
 * Finagle's rule: each first call earns a share of a retry when it *begins*, and what was earned or spent is forgotten after
 * a window. Unlike a budget of successes it goes on paying in a total outage.
 *
 * @see https://github.com/twitter/finagle RetryBudget.scala
 */
export class StartBudget implements RetryBudget {
  readonly #rules: StartRules;
  readonly #clock: Clock | undefined;
  #slices: readonly Slice[] = [];
  #isRefusing = false;

  constructor(
    rules: StartRules,
    clock: Clock | undefined,
    readonly name: string | undefined,
  ) {
    this.#rules = rules;
    this.#clock = clock;
  }

  started(): void {
    this.#move(this.#rules.perStart);
  }

  deposit(): void {
    // This rule pays when a call begins; how it ends is all one to it.
  }

  withdraw(): boolean {
    const isGranted = this.#balance() + ROUNDING >= 1;
    if (isGranted) this.#move(-1);
    else if (!this.#isRefusing) tellExhausted(this);
    this.#isRefusing = !isGranted;
    return isGranted;
  }

  state(): BudgetState {
    return { tokens: Math.max(0, this.#balance()), capacity: Number.POSITIVE_INFINITY };
  }

  #balance(): number {
    const { perSecond, windowMs } = this.#rules;
    this.#forget(this.#index());
    return this.#slices.reduce((sum, slice) => sum + slice.tokens, (perSecond * windowMs) / 1000);
  }

  #move(by: number): void {
    const index = this.#index();
    this.#forget(index);
    const last = this.#slices.at(-1);
    const isCurrent = last?.index === index;
    const tokens = (isCurrent ? last.tokens : 0) + by;
    this.#slices = [...(isCurrent ? this.#slices.slice(0, -1) : this.#slices), { index, tokens }];
  }

  #forget(index: number): void {
    const oldest = index - SLICES + 1;
    this.#slices = this.#slices.filter((slice) => slice.index >= oldest);
  }

  #index(): number {
    return Math.floor(((this.#clock ?? defaultClock()).nowMs() / this.#rules.windowMs) * SLICES);
  }
}
