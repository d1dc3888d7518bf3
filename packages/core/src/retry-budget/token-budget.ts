import { type Clock, defaultClock } from "../clock.js";
import { emit, isObserved } from "../events.js";
import type { Failure } from "../outcome.js";
import type { BudgetState, RetryBudget } from "./options.js";

/** What moves the tokens of a budget. All numbers in tokens. */
export interface TokenRules {
  readonly capacity: number;
  /** Earned by time alone. */
  readonly perSecond: number;
  /** Earned by a call that succeeded. */
  earned(extra: boolean, previous: Failure | undefined): number;
  /** Lost by a call that failed, retried or not. */
  readonly perFailure: number;
  /** What has to be there for one more call; it may be more than what the call takes. */
  needed(failure: Failure | undefined): number;
  /** What one more call takes. Never more than `needed`. */
  cost(failure: Failure | undefined): number;
}

/** Ten tenths are one, whatever binary fractions make of them. */
const ROUNDING = 1e-9;

/** Tokens at a moment. */
export interface Tokens {
  readonly tokens: number;
  readonly atMs: number;
}

/** The tokens at `nowMs`: what time has earned since, within the capacity. */
export function refilled({ tokens, atMs }: Tokens, perSecond: number, capacity: number, nowMs: number): Tokens {
  // No time earns nothing, also at an infinite rate.
  const earned = nowMs > atMs ? ((nowMs - atMs) / 1000) * perSecond : 0;
  return { tokens: Math.min(capacity, tokens + earned), atMs: Math.max(atMs, nowMs) };
}

/** A budget that is a number of tokens: starts full, never above its capacity, never below zero. */
export class TokenBudget implements RetryBudget {
  readonly #rules: TokenRules;
  readonly #clock: Clock | undefined;
  #held: Tokens | undefined;
  #isRefusing = false;

  constructor(
    rules: TokenRules,
    clock: Clock | undefined,
    readonly name: string | undefined,
  ) {
    this.#rules = rules;
    this.#clock = clock;
  }

  deposit(extra: boolean, previous?: Failure): void {
    this.#move(this.#rules.earned(extra, previous));
  }

  failed(): void {
    this.#move(-this.#rules.perFailure);
  }

  withdraw(failure?: Failure): boolean {
    const isGranted = this.#now().tokens + ROUNDING >= this.#rules.needed(failure);
    if (isGranted) this.#move(-this.#rules.cost(failure));
    else if (!this.#isRefusing) tellExhausted(this);
    this.#isRefusing = !isGranted;
    return isGranted;
  }

  state(): BudgetState {
    return { tokens: this.#now().tokens, capacity: this.#rules.capacity };
  }

  #now(): Tokens {
    const { perSecond, capacity } = this.#rules;
    const nowMs = perSecond > 0 ? (this.#clock ?? defaultClock()).nowMs() : 0;
    this.#held = refilled(this.#held ?? { tokens: capacity, atMs: nowMs }, perSecond, capacity, nowMs);
    return this.#held;
  }

  #move(by: number): void {
    const { tokens, atMs } = this.#now();
    this.#held = { tokens: Math.min(this.#rules.capacity, Math.max(0, tokens + by)), atMs };
  }
}

/** Said once for each time that a budget runs out, not for each call that it refuses. */
export function tellExhausted(budget: RetryBudget): void {
  if (!isObserved()) return;
  emit({ type: "budget-exhausted", name: budget.name, ...budget.state() });
}
