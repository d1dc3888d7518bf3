import { type BackoffBounds, type BackoffCount, backoffConfig } from "../backoff/config.js";
import { type Details, type Handler, stepsOf } from "../backoff/details.js";
import { type ErrorClass, matcherOf } from "../error-class.js";
import { ON_EXCEPTION_KEYS } from "../on-exception.js";
import { checkBoolean, checkFunction, checkKeys } from "../options.js";
import type { Schedule } from "../schedule.js";
import { atOnce, type BlockingClock, blockingClockOf } from "./blocking-clock.js";
import { makeSyncPolicy, type SyncPolicy } from "./policy.js";

/** Options that `onExceptionSync` and `onPredicateSync` share. */
export type SyncBackoffOptions = SyncBackoffBounds & BackoffCount;

interface SyncBackoffBounds extends Omit<BackoffBounds, "clock"> {
  /** @default the clock of the host, whose waits block this thread */
  readonly clock?: BlockingClock | undefined;
}

/** Options of {@link onExceptionSync}; `R` is what `raiseOnGiveup` says. */
export type OnExceptionSyncOptions<R extends boolean = boolean> = SyncBackoffOptions & SyncGiveupOptions<R>;

interface SyncGiveupOptions<R extends boolean> {
  /** Asked at every failure that matches, the last one included: `true` gives up at once. What it throws is final. */
  readonly giveup?: ((error: unknown) => boolean) | undefined;
  /** `false`: return `undefined` instead of throwing when the calls are given up, for whatever reason. @default true */
  readonly raiseOnGiveup?: R | undefined;
}

/** The blocking twin of `onException`: `backoff.on_exception` around a function that is not async. */
export function onExceptionSync<const R extends boolean = true>(
  schedule: Schedule,
  exception: ErrorClass | readonly ErrorClass[],
  options: OnExceptionSyncOptions<R> = {},
): SyncPolicy<unknown, false extends R ? undefined : never> {
  checkKeys(options, ON_EXCEPTION_KEYS, "onExceptionSync");
  const { giveup, raiseOnGiveup = true, clock, ...shared }: OnExceptionSyncOptions = options;
  checkFunction(giveup, "giveup");
  checkBoolean(raiseOnGiveup, "raiseOnGiveup");
  const matches = matcherOf(exception, "exception");
  const on = (error: unknown): boolean | "stop" => {
    if (!matches(error)) return false;
    return giveup && atOnce(giveup(error), "giveup", "`giveup`") ? "stop" : true;
  };
  const config = backoffConfig(schedule, shared, { on });
  const onGivenUp = raiseOnGiveup ? "throw" : "undefined";
  return makeSyncPolicy({ ...config, steps: stepsOf(shared, inTurn), onGivenUp }, blockingClockOf(clock));
}

/** Calls the handlers one after the other. */
export function inTurn(handlers: readonly Handler[], details: Details): void {
  for (const handler of handlers) atOnce(handler(details), "handler", "a handler");
}
