import type { Budget } from "../budget.js";
import type { Clock } from "../clock.js";
import { type Duration, durationMs, toMs, toPositiveMs } from "../duration.js";
import { isErrorClass } from "../error-class.js";
import { OptionError, optionError } from "../errors.js";
import { checkFunction, checkInteger, checkKeys, checkMethods, checkObject } from "../options.js";
import type { Failure } from "../outcome.js";
import type { Call } from "../policy.js";
import { type Random, systemRandom } from "../random.js";
import type { Live } from "../schedule.js";
import { Hooks } from "./hooks.js";
import {
  RETRY_DEFAULTS,
  type RetryBounds,
  type RetryPace,
  type RetryRule,
  type UncheckedRetryOptions,
} from "./options.js";
import type { Stop } from "./plan.js";
import { type Rule, ruleOf } from "./rule.js";

/** Handlers that are part of the run: awaited in order, and what they throw ends it. `onException` is made of them. */
export interface Steps {
  success(value: unknown, run: StepInfo): unknown;
  backoff(failure: Failure, delayMs: number, run: StepInfo): unknown;
  giveUp(failure: Failure, stop: Stop, run: StepInfo): unknown;
}

/** What a step may know. */
export interface StepInfo {
  readonly call: Call | undefined;
  readonly attempt: number;
  readonly elapsedMs: number;
  /** The sum of all waits so far. */
  readonly waitedMs: number;
}

/** The options of `retry`, checked, with every default in its place. */
export interface RetryConfig {
  /** The last one matches what no other did. */
  readonly rules: readonly Rule[];
  /** The count of the last rule. */
  readonly maxAttempts: Live<number>;
  readonly accepts: ((value: unknown) => boolean | PromiseLike<boolean>) | undefined;
  readonly maxTimeMs: Live<number>;
  readonly deadlineMs: Live<number>;
  readonly attemptTimeoutMs: number;
  readonly retryAfter: (failure: Failure) => Duration | undefined;
  readonly budget: Budget | undefined;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock | undefined;
  readonly random: Random;
  readonly name: string | undefined;
  /** Whether a function of the caller's may see how much time has gone by. */
  readonly showsElapsed: boolean;
  readonly beforeRetry: RetryBounds["beforeRetry"];
  readonly hooks: Hooks;
  readonly steps: Steps | undefined;
  /** What comes of a run that is given up: its error, its last rejected value, or `undefined`. */
  readonly onGivenUp: "throw" | "value" | "undefined";
}

const RULE_KEYS = ["on", "schedule", "jitter", "maxAttempts"] as const;
const FUNCTION_KEYS = [
  "retryAfter",
  "random",
  "beforeRetry",
  "onAttempt",
  "onRetry",
  "onSuccess",
  "onGiveUp",
  "until",
  "while",
] as const;
/** Every option of `retry`. */
export const RETRY_KEYS: readonly string[] = [
  ...RULE_KEYS,
  ...FUNCTION_KEYS,
  "rules",
  "maxTime",
  "deadline",
  "attemptTimeout",
  "budget",
  "signal",
  "clock",
  "name",
];

/** @throws OptionError for an option that is unknown, out of range, or excluded by another. */
export function retryConfig(options: UncheckedRetryOptions): RetryConfig {
  checkKeys(options, RETRY_KEYS, "retry");
  checkPlain(options);
  return {
    rules: [...rulesOf(options.rules ?? []), ruleOf(options)],
    maxAttempts: maxAttemptsOf(options, RETRY_DEFAULTS.maxAttempts),
    accepts: acceptsOf(options),
    maxTimeMs: toMs(options.maxTime ?? RETRY_DEFAULTS.maxTime, "maxTime"),
    deadlineMs: toPositiveMs(options.deadline ?? RETRY_DEFAULTS.deadline, "deadline"),
    attemptTimeoutMs: toPositiveMs(options.attemptTimeout ?? RETRY_DEFAULTS.attemptTimeout, "attemptTimeout"),
    retryAfter: (options.retryAfter as RetryConfig["retryAfter"] | undefined) ?? ownHint,
    budget: options.budget,
    signal: options.signal,
    clock: options.clock,
    random: options.random ?? systemRandom,
    name: options.name,
    showsElapsed: [options, ...(options.rules ?? [])].some(isCurious),
    beforeRetry: options.beforeRetry,
    hooks: new Hooks(options),
    steps: undefined,
    onGivenUp: "throw",
  };
}

/** Whether a rule, or the options, hold a function that is handed an attempt or a failure. */
function isCurious({ on, schedule, ...rest }: RetryRule | UncheckedRetryOptions): boolean {
  const isJudge = typeof on === "function" && !isErrorClass(on);
  return isJudge || typeof schedule === "function" || Object.values(rest).some((value) => typeof value === "function");
}

function checkPlain(options: UncheckedRetryOptions): void {
  for (const key of FUNCTION_KEYS) checkFunction(options[key], key);
  checkMethods(options.budget, "budget", ["deposit", "withdraw"], "a retry budget");
  checkMethods(options.clock, "clock", ["nowMs", "sleep"], "a clock");
  checkMethods(options.signal, "signal", ["addEventListener"], "an AbortSignal");
  if (options.name !== undefined && typeof options.name !== "string")
    throw optionError("name", "a string", options.name);
}

function rulesOf(rules: readonly RetryRule[]): readonly Rule[] {
  if (!Array.isArray(rules)) throw optionError("rules", "a list of rules", rules);
  return rules.map((rule: RetryRule) => {
    checkObject(rule, "rules");
    checkKeys(rule, RULE_KEYS, "a rule of retry");
    return ruleOf(rule, maxAttemptsOf(rule, Number.POSITIVE_INFINITY));
  });
}

/** A list of waits is a bound by itself: its length. */
function maxAttemptsOf({ maxAttempts, schedule }: RetryPace, byDefault: number): number {
  if (maxAttempts !== undefined) checkInteger(maxAttempts, "maxAttempts", 1);
  return maxAttempts ?? (Array.isArray(schedule) ? Number.POSITIVE_INFINITY : byDefault);
}

function acceptsOf({ until, while: again }: UncheckedRetryOptions): RetryConfig["accepts"] {
  if (until && again)
    throw new OptionError("while", "`until` and `while` exclude each other: one says yes where the other says no");
  if (until) return until;
  return (
    again &&
    ((value) => {
      const answer = again(value);
      return typeof answer === "object" ? answer.then((isAgain) => !isAgain) : !answer;
    })
  );
}

/** Our own errors, and those of others who do alike, carry the wait in `retryAfterMs`. */
function ownHint({ error }: Failure): number | undefined {
  const hint = typeof error === "object" && error !== null && "retryAfterMs" in error ? error.retryAfterMs : undefined;
  return typeof hint === "number" ? durationMs(hint) : undefined;
}
