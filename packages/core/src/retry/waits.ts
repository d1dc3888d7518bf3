import { durationMs, toMs } from "../duration.js";
import { optionError } from "../errors.js";
import type { Failure } from "../outcome.js";
import { begun, type NextWait } from "../schedule.js";
import type { RetryConfig } from "./config.js";
import { type Plan, planWait } from "./plan.js";
import type { Rule, Ruling } from "./rule.js";

interface Counter {
  readonly nextWait: NextWait;
  readonly maxAttempts: number;
  failures: number;
}

/** The room that a wait has. */
export interface Room {
  /** What `maxTime` is in this run. */
  readonly maxTimeMs: number;
  readonly untilDeadlineMs: number;
}

/** What one run has used up of its schedules and counts, rule by rule, and the plan that follows. Neither waits nor tells. */
export class Waits {
  readonly #config: RetryConfig;
  readonly #maxAttempts: number;
  #counters: Map<Rule, Counter> | undefined;

  constructor(config: RetryConfig, maxAttempts: number) {
    this.#config = config;
    this.#maxAttempts = maxAttempts;
  }

  /** Counts a failure, and plans what comes after it; the budget is for the shell to ask, last of all. */
  plan({ rule, verdict }: Ruling, failure: Failure, { maxTimeMs, untilDeadlineMs }: Room): Plan {
    if (verdict === false || verdict === "stop") return { reason: "not-retryable" };
    const counter = this.#count(rule);
    if (counter.failures >= counter.maxAttempts) return { reason: "max-attempts" };
    if (failure.elapsedMs >= maxTimeMs) return { reason: "max-time" };
    const backoffMs = typeof verdict === "boolean" ? this.#backoff(rule, counter, failure) : toMs(verdict, "on");
    if (backoffMs === undefined) return { reason: "schedule-exhausted" };
    const hint = this.#config.retryAfter(failure);
    return planWait({
      backoffMs,
      hintMs: hint === undefined ? undefined : durationMs(hint),
      spread: rule.jitter === null ? undefined : this.#config.random(),
      untilMaxTimeMs: maxTimeMs - failure.elapsedMs,
      untilDeadlineMs,
    });
  }

  #count(rule: Rule): Counter {
    this.#counters ??= new Map();
    let counter = this.#counters.get(rule);
    if (counter === undefined) {
      const maxAttempts = rule.maxAttempts ?? this.#maxAttempts;
      counter = { nextWait: begun(rule.schedule), maxAttempts, failures: 0 };
      this.#counters.set(rule, counter);
    }
    counter.failures++;
    return counter;
  }

  /** The schedule's next wait, jittered; `undefined` at its end. */
  #backoff({ jitter }: Rule, { nextWait }: Counter, failure: Failure): number | undefined {
    const waitMs = nextWait(failure);
    if (waitMs === undefined || jitter === null) return waitMs;
    const jitteredMs = Math.max(0, jitter(waitMs, this.#config.random));
    if (Number.isNaN(jitteredMs)) throw optionError("jitter", "a function that returns milliseconds", jitteredMs);
    return jitteredMs;
  }
}
