import type { LiveAttempt } from "../attempt.js";
import type { Budget } from "../budget.js";
import type { Cancellation } from "../cancellation.js";
import type { Clock } from "../clock.js";
import { DeadlineError } from "../errors.js";
import type { Failure } from "../outcome.js";
import type { RetryConfig } from "./config.js";
import type { Plan } from "./plan.js";
import { defaultRuling, type Ruling, rulingOf } from "./rule.js";
import { Waits } from "./waits.js";

/** What is done about a failure. */
export interface Decision {
  readonly plan: Plan;
  /** Whether the failure is of a kind that is retried at all. */
  readonly isMatched: boolean;
}

/** What bounds a run. */
export interface Limits {
  readonly clock: Clock;
  readonly maxAttempts: number;
  readonly maxTimeMs: number;
  readonly endMs: number;
  readonly outer: Cancellation | undefined;
  /** The budget that hears of failures. */
  readonly told: Budget | undefined;
}

/** Decides about the failures of one run: asks the rules, then the counts and times, and the budget last. */
export class Judge {
  readonly #config: RetryConfig;
  readonly #limits: Limits;
  readonly #waits: Waits;

  constructor(config: RetryConfig, limits: Limits) {
    this.#config = config;
    this.#limits = limits;
    this.#waits = new Waits(config, limits.maxAttempts);
  }

  /** At once where everybody who is asked answers at once: each await would cost as much as the decision. */
  decide(failure: Failure, attempt: LiveAttempt): Decision | Promise<Decision> {
    const { error } = failure;
    const wasCut = attempt.aborted && attempt.reason === error;
    // An attempt that the deadline cut ends the run; one that its own time-out cut does not.
    if (wasCut && error instanceof DeadlineError) return { plan: { reason: "deadline" }, isMatched: true };
    const ruling = this.#rule(failure, attempt, wasCut, 0);
    return ruling instanceof Promise ? ruling.then((later) => this.#plan(failure, later)) : this.#plan(failure, ruling);
  }

  #rule(failure: Failure, attempt: LiveAttempt, isOwnTimeout: boolean, from: number): Ruling | Promise<Ruling> {
    const { rules } = this.#config;
    if (failure.kind === "result") return defaultRuling(rules, true);
    for (const [index, rule] of rules.entries()) {
      if (index < from) continue;
      const answer = rule.verdict(failure.error, attempt);
      if (typeof answer === "object") {
        const next = (): Ruling | Promise<Ruling> => this.#rule(failure, attempt, isOwnTimeout, index + 1);
        return Promise.resolve(answer).then((later) => rulingOf(rule, later, isOwnTimeout) ?? next());
      }
      const ruling = rulingOf(rule, answer, isOwnTimeout);
      if (ruling) return ruling;
    }
    return defaultRuling(rules, isOwnTimeout);
  }

  #plan(failure: Failure, ruling: Ruling): Decision | Promise<Decision> {
    const { clock, endMs, maxTimeMs, outer, told } = this.#limits;
    const isMatched = ruling.verdict !== false;
    if (isMatched && ruling.verdict !== "stop") told?.failed?.(failure);
    const plan = this.#waits.plan(ruling, failure, { maxTimeMs, untilDeadlineMs: endMs - clock.nowMs() });
    // The budget is asked last of all, so that nothing is taken from it for a retry that is not made.
    const { budget } = this.#config;
    if (budget === undefined || "reason" in plan || outer?.aborted) return { plan, isMatched };
    const afforded = (isAffordable: boolean): Decision => ({
      plan: isAffordable ? plan : { reason: "budget-exhausted" },
      isMatched,
    });
    const answer = budget.withdraw(failure);
    return typeof answer === "object" ? Promise.resolve(answer).then(afforded) : afforded(answer);
  }
}
