import { durationMs, toMs } from "../duration.js";
import { optionError } from "../errors.js";
import type { Failure } from "../outcome.js";
import { close, type InUse, nextWait } from "../schedule.js";
import type { RunConfig } from "./config.js";
import type { Verdict } from "./options.js";
import { type Plan, planWait } from "./plan.js";
import type { Rule } from "./rule.js";

/** What one run has used up of one rule's count and schedule. */
export interface Used extends InUse {
  failures: number;
}

/** What a run has used up of all its rules: it is itself the tally of the last one, for most have no other. */
export interface Usage extends Used {
  others: Map<Rule, Used> | undefined;
}

/** Counts a failure, and plans what comes after it; the budget is for the shell to ask, last of all. Neither waits nor tells. */
export function planNext(
  usage: Usage,
  config: RunConfig,
  rule: Rule,
  verdict: Verdict,
  failure: Failure,
  untilDeadlineMs: number,
): Plan {
  if (verdict === false || verdict === "stop") return { reason: "not-retryable" };
  const { jitter, maxAttempts = config.maxAttempts } = rule;
  const used = usedOf(usage, config, rule);
  if (++used.failures >= maxAttempts) return { reason: "max-attempts" };
  const untilMaxTimeMs = config.maxTimeMs - failure.elapsedMs;
  if (untilMaxTimeMs <= 0) return { reason: "max-time" };
  const backoffMs = verdict === true ? nextOf(used, rule, failure, config) : toMs(verdict, "on");
  if (backoffMs === undefined) return { reason: "schedule-exhausted" };
  return planWait({
    backoffMs,
    hintMs: hintOf(failure, config),
    spread: jitter === null ? undefined : config.random(),
    untilMaxTimeMs,
    untilDeadlineMs,
  });
}

/** The wait that the server asked for; `undefined`: it asked for none. */
function hintOf(failure: Failure, { retryAfter }: RunConfig): number | undefined {
  const hint = retryAfter(failure);
  const hintMs = durationMs(hint);
  if (hintMs === undefined && hint !== undefined)
    throw optionError("retryAfter", "a function that returns a duration or undefined", hint);
  return hintMs;
}

function usedOf(usage: Usage, { rules }: RunConfig, rule: Rule): Used {
  if (rule === rules[rules.length - 1]) return usage;
  usage.others ??= new Map();
  let used = usage.others.get(rule);
  if (used === undefined) {
    used = { failures: 0, progress: undefined };
    usage.others.set(rule, used);
  }
  return used;
}

/** The schedule's next wait, jittered; `undefined` at its end. */
function nextOf(used: Used, { schedule, jitter }: Rule, failure: Failure, { random }: RunConfig): number | undefined {
  const waitMs = nextWait(used, schedule, failure);
  if (waitMs === undefined || jitter === null) return waitMs;
  const jitteredMs = Math.max(0, jitter(waitMs, random));
  if (Number.isNaN(jitteredMs)) throw optionError("jitter", "a function that returns milliseconds", jitteredMs);
  return jitteredMs;
}

/** Closes what a run has begun and not used up. */
export function closeAll(usage: Usage): void {
  close(usage);
  usage.others?.forEach(close);
}
