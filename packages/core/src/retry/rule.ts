import { durationMs } from "../duration.js";
import { type ErrorMatch, matcherOf } from "../error-class.js";
import { optionError } from "../errors.js";
import { fullJitter, type Jitter } from "../jitter.js";
import type { Attempt } from "../outcome.js";
import { systemRandom } from "../random.js";
import { expo } from "../schedule/expo.js";
import { checkSchedule, markOf, type Schedule } from "../schedule.js";
import { isTransient } from "../transient.js";
import { RETRY_DEFAULTS, type RetryRule, type Verdict } from "./options.js";

/** One rule, checked. */
export interface Rule {
  readonly verdict: (error: unknown, attempt: Attempt) => Verdict | PromiseLike<Verdict>;
  readonly schedule: Schedule;
  readonly jitter: Jitter | null;
  /** Its own count; `undefined` for the last rule, whose count is the policy's. */
  readonly maxAttempts: number | undefined;
}

/** @throws OptionError for an option of a rule that is out of range. */
export function ruleOf({ on = isTransient, schedule, jitter }: RetryRule, maxAttempts?: number): Rule {
  if (schedule !== undefined) checkSchedule(schedule);
  if (typeof (jitter ?? fullJitter) !== "function" || jitter === systemRandom) {
    const hint = jitter === systemRandom ? "; for a random time on top: `randomJitter`" : "";
    throw optionError("jitter", `a function of a wait that returns a wait, or null${hint}`, jitter);
  }
  const mark = schedule && markOf(schedule);
  return {
    verdict: matcherOf(on as ErrorMatch, "on"),
    schedule: schedule ?? expo({ factor: RETRY_DEFAULTS.factor, max: RETRY_DEFAULTS.max }),
    jitter: mark === "random" ? null : jitter === undefined ? (mark ? null : fullJitter) : jitter,
    maxAttempts,
  };
}

/** What a rule's answer means: `false`: the failure is not this rule's; ask the next one. */
export function meaningOf(verdict: Verdict | undefined, isOwnTimeout: boolean): Verdict {
  if (verdict === undefined || (verdict === "stop" && isOwnTimeout)) return false;
  if (typeof verdict === "boolean" || verdict === "stop" || durationMs(verdict) !== undefined) return verdict;
  throw optionError("on", 'a function that answers true, false, "stop" or a duration', verdict);
}
