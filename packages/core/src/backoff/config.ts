import { type Duration, toMs, toPositiveMs } from "../duration.js";
import { OptionError } from "../errors.js";
import type { Jitter } from "../jitter.js";
import { checkInteger } from "../options.js";
import { type RetryConfig, retryConfig } from "../retry/config.js";
import type { RetryBounds, UncheckedRetryOptions } from "../retry/options.js";
import { checkSchedule, type Live, type Schedule } from "../schedule.js";
import type { HandlerOptions } from "./details.js";

/** Calls in all, the first one included; an integer >= 1. Two names, of which one is given. @default Infinity */
export type BackoffCount =
  | { readonly maxTries?: Live<number | undefined> | undefined; readonly maxAttempts?: undefined }
  | { readonly maxTries?: undefined; readonly maxAttempts?: Live<number | undefined> | undefined };

/** Options that `onException` and `onPredicate` share. Functions are read once per call; `undefined` means the default. */
export type BackoffOptions = BackoffBounds & BackoffCount;

/** The same without the count. */
export interface BackoffBounds extends HandlerOptions {
  /** Bounds when an attempt may start; the last wait is shortened, so that one starts at it. @default Infinity */
  readonly maxTime?: Live<Duration | undefined> | undefined;
  /** Bounds everything; the running call is left alone, its caller released with a `DeadlineError`. @default Infinity */
  readonly deadline?: Live<Duration | undefined> | undefined;
  /** `null`: none. @default fullJitter; none for `runtime`, whose waits are exact */
  readonly jitter?: Jitter | null | undefined;
  /** Ends every run. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: RetryBounds["clock"];
  readonly random?: RetryBounds["random"];
  /** For events. */
  readonly name?: string | undefined;
}

/** Every option of `onPredicate`, and those that `onException` shares with it. */
export const BACKOFF_KEYS: readonly string[] = [
  "maxTries",
  "maxAttempts",
  "maxTime",
  "deadline",
  "jitter",
  "onSuccess",
  "onBackoff",
  "onGiveup",
  "logger",
  "backoffLogLevel",
  "giveupLogLevel",
  "signal",
  "clock",
  "random",
  "name",
];

/** These options as a retry's. @throws OptionError for one that is out of range. */
export function backoffConfig(
  schedule: Schedule,
  options: BackoffOptions,
  judge: Pick<UncheckedRetryOptions, "on" | "while">,
): RetryConfig {
  checkSchedule(schedule);
  const { maxTries, maxAttempts, maxTime, deadline, jitter, signal, clock, random, name } = options;
  if (maxTries !== undefined && maxAttempts !== undefined) {
    throw new OptionError("maxTries", "`maxTries` and `maxAttempts` are two names of one option; give one of them");
  }
  hintAtSeconds(maxTime, deadline);
  const [count, countName] = maxTries === undefined ? [maxAttempts, "maxAttempts"] : [maxTries, "maxTries"];
  return {
    ...retryConfig({ ...judge, schedule, jitter, signal, clock, random, name }),
    maxAttempts: live(count, (now) => countOf(now, countName)),
    maxTimeMs: live(maxTime, (time) => toMs(time, "maxTime")),
    deadlineMs: live(deadline, (time) => toPositiveMs(time, "deadline")),
    isLive: [maxTries, maxAttempts, maxTime, deadline].some((option) => typeof option === "function"),
    retryAfter: () => undefined,
  };
}

function countOf(count: number, option: string): number {
  checkInteger(count, option, 1);
  return count;
}

/** A constant is checked now; a function is read, and checked, at each call. Left out: no limit. */
function live<T extends Duration>(value: Live<T | undefined> | undefined, check: (value: T) => number): Live<number> {
  const checked = (now: T | undefined): number => (now === undefined ? Number.POSITIVE_INFINITY : check(now));
  return typeof value === "function" ? () => checked(value()) : checked(value);
}

let hasHinted = false;

/** Python counts in seconds: whoever brings `max_time=60` along means a minute. Said once, and only said. */
function hintAtSeconds(...times: readonly unknown[]): void {
  const suspect = times.find((time) => Number(time) > 0 && Number(time) < 1000);
  if (suspect === undefined || hasHinted) return;
  hasHinted = true;
  console.warn(`bide: a time of ${suspect} is ${suspect} milliseconds; for seconds, write "${suspect}s"`);
}
