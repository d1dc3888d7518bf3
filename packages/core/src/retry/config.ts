import { type Duration, durationMs, toMs, toPositiveMs } from "../duration.js";
import { isErrorClass } from "../error-class.js";
import { OptionError, optionError } from "../errors.js";
import { checkFunction, checkInteger, checkKeys, checkMethods, checkObject } from "../options.js";
import type { Failure } from "../outcome.js";
import type { Call } from "../policy.js";
import { type Random, systemRandom } from "../random.js";
import { type Live, read } from "../schedule.js";
import { RETRY_DEFAULTS, type RetryPace, type RetryRule, type UncheckedRetryOptions } from "./options.js";
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
  /** As they were when they were given: hooks, name, clock and whatever else needs no other form. */
  readonly given: UncheckedRetryOptions;
  /** The last one matches what no other did. */
  readonly rules: readonly Rule[];
  /** The count of the last rule. */
  readonly maxAttempts: Live<number>;
  /** What judges results, and the answer that accepts one. */
  readonly judge: ((value: unknown) => boolean | PromiseLike<boolean>) | undefined;
  readonly accepting: boolean;
  readonly maxTimeMs: Live<number>;
  readonly deadlineMs: Live<number>;
  /** One of the three is a function: it is read once in each run. */
  readonly isLive: boolean;
  readonly attemptTimeoutMs: number;
  readonly retryAfter: (failure: Failure) => Duration | undefined;
  readonly random: Random;
  /** Whether a function of the caller's may see how much time has gone by. */
  readonly showsElapsed: boolean;
  readonly steps: Steps | undefined;
  /** What comes of a run that is given up: its error, its last rejected value, or `undefined`. */
  readonly onGivenUp: "throw" | "value" | "undefined";
}

/** The same for one run. */
export interface RunConfig extends RetryConfig {
  readonly maxAttempts: number;
  readonly maxTimeMs: number;
  readonly deadlineMs: number;
}

/** The configuration with what is a function read. */
export function readNow(config: RetryConfig): RunConfig {
  const { maxAttempts, maxTimeMs, deadlineMs } = config;
  return { ...config, maxAttempts: read(maxAttempts), maxTimeMs: read(maxTimeMs), deadlineMs: read(deadlineMs) };
}

const RULE_KEYS: readonly string[] = ["on", "schedule", "jitter", "maxAttempts"];
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
export const RETRY_KEYS: readonly string[] = /* @__PURE__ */ RULE_KEYS.concat(
  FUNCTION_KEYS,
  "rules",
  "maxTime",
  "deadline",
  "attemptTimeout",
  "budget",
  "signal",
  "clock",
  "name",
);

/** @throws OptionError for an option that is unknown, out of range, or excluded by another. */
export function retryConfig(options: UncheckedRetryOptions, known: readonly string[] = RETRY_KEYS): RetryConfig {
  checkKeys(options, known, "retry");
  const given = taken(options, known);
  const defaults = RETRY_DEFAULTS;
  const { maxTime = defaults.maxTime, deadline = defaults.deadline, attemptTimeout = defaults.attemptTimeout } = given;
  const { rules = [], retryAfter = ownHint, random = systemRandom, until, while: again, budget } = given;
  for (const key of FUNCTION_KEYS) checkFunction(given[key], key);
  checkMethods(budget, "budget", ["deposit", "withdraw"], "a retry budget");
  if (!Array.isArray(rules)) throw optionError("rules", "a list of rules", rules);
  if (until && again) throw new OptionError("while", "`until` and `while` exclude each other");
  return {
    given,
    rules: [...rules.map(innerRule), ruleOf(given)],
    maxAttempts: maxAttemptsOf(given, defaults.maxAttempts),
    judge: until ?? again,
    accepting: until !== undefined,
    maxTimeMs: toMs(maxTime, "maxTime"),
    deadlineMs: toPositiveMs(deadline, "deadline"),
    attemptTimeoutMs: toPositiveMs(attemptTimeout, "attemptTimeout"),
    retryAfter: retryAfter as RetryConfig["retryAfter"],
    random,
    showsElapsed: [given, ...rules].some(isCurious),
    isLive: false,
    steps: undefined,
    onGivenUp: "throw",
  };
}

/** The options as they are now, and those that they inherit: what becomes of the caller's object and lists is not our affair. */
function taken(options: UncheckedRetryOptions, known: readonly string[]): UncheckedRetryOptions {
  const given: Record<string, unknown> = {};
  for (const key of known) {
    const value = options[key as keyof UncheckedRetryOptions];
    if (value !== undefined) given[key] = Array.isArray(value) ? [...value] : value;
  }
  return given;
}

/** Whether a rule, or the options, hold a function that is handed an attempt or a failure, or waits that hear of failures. */
function isCurious(given: RetryRule | UncheckedRetryOptions): boolean {
  const { schedule = [] } = given;
  return (
    !Array.isArray(schedule) ||
    Object.values(given).some((value) => typeof value === "function" && !isErrorClass(value))
  );
}

function innerRule(rule: RetryRule): Rule {
  checkObject(rule, "rules");
  checkKeys(rule, RULE_KEYS, "a rule of retry");
  return ruleOf(rule, maxAttemptsOf(rule, Number.POSITIVE_INFINITY));
}

/** A list of waits is a bound by itself: its length. */
function maxAttemptsOf({ maxAttempts, schedule }: RetryPace, byDefault: number): number {
  if (maxAttempts !== undefined) checkInteger(maxAttempts, "maxAttempts", 1);
  return maxAttempts ?? (Array.isArray(schedule) ? Number.POSITIVE_INFINITY : byDefault);
}

/** Our own errors, and those of others who do alike, carry the wait in `retryAfterMs`. */
function ownHint({ error }: Failure): number | undefined {
  const retryAfterMs = (error as { readonly retryAfterMs?: unknown } | null | undefined)?.retryAfterMs;
  return typeof retryAfterMs === "number" ? durationMs(retryAfterMs) : undefined;
}
