import { defaultClock } from "../clock.js";
import { isObserved } from "../events.js";
import type { AnyFunction } from "../wrapped.js";
import type { RetryConfig } from "./config.js";
import { RetryRun } from "./run.js";

/** What a call sleeps with that was given nothing: a list of its own would be a part of its weight. */
const NONE: readonly never[] = [];

/**
 * The wrapper of a function whose first attempt needs no run: nothing cuts it, judges its result, or looks on.
 * `undefined` where something does. A call that succeeds at once then costs no more than a loop written by hand.
 */
export function quickWrapper(config: RetryConfig): ((fn: AnyFunction, slow: AnyFunction) => AnyFunction) | undefined {
  const { given, judge, steps, maxTimeMs, deadlineMs, attemptTimeoutMs, showsElapsed } = config;
  const { budget, signal, onAttempt, onSuccess, clock } = given;
  const isUnbounded = deadlineMs === Number.POSITIVE_INFINITY && attemptTimeoutMs === Number.POSITIVE_INFINITY;
  if (!isUnbounded || judge || steps || budget || signal || onAttempt || onSuccess) return undefined;
  const readsClock = maxTimeMs !== Number.POSITIVE_INFINITY || showsElapsed;
  return (target, slow) =>
    function (this: unknown, ...args: never[]): unknown {
      if (isObserved()) return slow.apply(this, args);
      const startedMs = readsClock ? (clock ?? defaultClock()).nowMs() : undefined;
      return new Promise((resolve) => {
        const fail = (error: unknown): void => {
          new RetryRun(config, { target, args: args.length > 0 ? args : NONE, self: this }, resolve, startedMs).resume(
            error,
          );
        };
        try {
          Promise.resolve(target.apply(this, args)).then(resolve, fail);
        } catch (error) {
          fail(error);
        }
      });
    };
}
