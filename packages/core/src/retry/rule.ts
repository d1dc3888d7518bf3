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

/** The rule that a failure falls under, and what it says. */
export interface Ruling {
  readonly rule: Rule;
  readonly verdict: Verdict;
}

/** @throws OptionError for an option of a rule that is out of range. */
export function ruleOf({ on, schedule, jitter }: RetryRule, maxAttempts?: number): Rule {
  if (schedule !== undefined) checkSchedule(schedule);
  checkJitter(jitter);
  const mark = schedule && markOf(schedule);
  return {
    verdict: verdictOf(on ?? isTransient),
    schedule: schedule ?? expo({ factor: RETRY_DEFAULTS.factor, max: RETRY_DEFAULTS.max }),
    jitter: mark === "random" ? null : jitter === undefined ? (mark === "exact" ? null : fullJitter) : jitter,
    maxAttempts,
  };
}

/** One function of whatever `on` may be. @throws OptionError when it is none of it. */
export function verdictOf(on: unknown, option = "on"): Rule["verdict"] {
  return matcherOf(on as ErrorMatch, option) as Rule["verdict"];
}

/** What a rule's answer means. `undefined`: the failure is not this rule's; ask the next one. */
export function rulingOf(rule: Rule, verdict: Verdict | undefined, isOwnTimeout: boolean): Ruling | undefined {
  if (verdict === undefined || verdict === false || (verdict === "stop" && isOwnTimeout)) return undefined;
  if (verdict === true || verdict === "stop" || durationMs(verdict) !== undefined) return { rule, verdict };
  throw optionError("on", 'a function that answers true, false, "stop" or a duration', verdict);
}

/** The ruling about a failure that no rule matched, and about a result: the last rule's schedule and count apply. */
export function defaultRuling(rules: readonly Rule[], verdict: boolean): Ruling {
  return { rule: rules[rules.length - 1] as Rule, verdict };
}

function checkJitter(jitter: unknown): void {
  if (jitter === undefined || jitter === null) return;
  const expected = "a function of a wait that returns a wait, or null";
  // The host's own: it would be taken for a jitter, and make every wait shorter than a millisecond.
  if (jitter === systemRandom) {
    throw optionError(
      "jitter",
      `${expected}; for a wait and a random time on top: \`randomJitter\` or \`randomJitter(spread)\``,
      jitter,
    );
  }
  if (typeof jitter !== "function") throw optionError("jitter", expected, jitter);
}
