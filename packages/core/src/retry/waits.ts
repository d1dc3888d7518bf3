import { durationMs, toMs } from "../duration.js";
import { optionError } from "../errors.js";
import type { Failure } from "../outcome.js";
import { begun, nextWait, type Progress } from "../schedule.js";
import type { RunConfig } from "./config.js";
import type { Verdict } from "./options.js";
import { type Plan, planWait } from "./plan.js";
import type { Rule } from "./rule.js";

/** What one run has used up of one rule's schedule and count, and the plan that follows. Neither waits nor tells. */
export class Waits {
  #failures = 0;
  #progress: Progress | undefined;

  /** @param others Those of the other rules, as far as any was needed. */
  constructor(
    readonly rule: Rule,
    readonly others: Waits | undefined,
  ) {}

  /** Counts a failure, and plans what comes after it; the budget is for the shell to ask, last of all. */
  plan(verdict: Verdict, failure: Failure, config: RunConfig, untilDeadlineMs: number): Plan {
    const { jitter, maxAttempts = config.maxAttempts } = this.rule;
    if (verdict === false || verdict === "stop") return { reason: "not-retryable" };
    if (++this.#failures >= maxAttempts) return { reason: "max-attempts" };
    const untilMaxTimeMs = config.maxTimeMs - failure.elapsedMs;
    if (untilMaxTimeMs <= 0) return { reason: "max-time" };
    const backoffMs = verdict === true ? this.#next(failure, config) : toMs(verdict, "on");
    if (backoffMs === undefined) return { reason: "schedule-exhausted" };
    return planWait({
      backoffMs,
      hintMs: durationMs(config.retryAfter(failure)),
      spread: jitter === null ? undefined : config.random(),
      untilMaxTimeMs,
      untilDeadlineMs,
    });
  }

  /** The schedule's next wait, jittered; `undefined` at its end. */
  #next(failure: Failure, { random }: RunConfig): number | undefined {
    const { schedule, jitter } = this.rule;
    const isFirst = this.#progress === undefined;
    const progress = this.#progress ?? begun(schedule, failure);
    this.#progress = typeof progress === "number" ? progress + 1 : progress;
    const waitMs = nextWait(schedule, progress, isFirst ? undefined : failure);
    if (waitMs === undefined || jitter === null) return waitMs;
    const jitteredMs = Math.max(0, jitter(waitMs, random));
    if (Number.isNaN(jitteredMs)) throw optionError("jitter", "a function that returns milliseconds", jitteredMs);
    return jitteredMs;
  }
}

/** What was used up of a rule: of those that there are, or new beside them. */
export function waitsOf(rule: Rule, known: Waits | undefined): Waits {
  for (let waits = known; waits; waits = waits.others) if (waits.rule === rule) return waits;
  return new Waits(rule, known);
}
