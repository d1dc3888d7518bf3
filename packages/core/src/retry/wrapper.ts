import { defaultClock } from "../clock.js";
import { isObserved } from "../events.js";
import type { AnyFunction } from "../wrapped.js";
import type { RetryConfig } from "./config.js";
import { begun } from "./execute.js";
import { RetryRun } from "./run.js";

/** What a call sleeps with that was given nothing: a list of its own would be a part of its weight. */
const NONE: readonly never[] = [];

/** Wraps a function that knows nothing of attempts: a run of it needs no operation made for it. */
export function retryWrapper(config: RetryConfig): (fn: AnyFunction) => AnyFunction {
  const isQuick = needsNoRun(config);
  const { clock } = config.given;
  const readsClock = config.maxTimeMs !== Number.POSITIVE_INFINITY || config.showsElapsed;
  return (target) =>
    function (this: unknown, ...given: never[]): unknown {
      const args = given.length > 0 ? given : NONE;
      if (!isQuick || isObserved()) return begun(config, { target, args, self: this });
      const startedMs = readsClock ? (clock ?? defaultClock()).nowMs() : undefined;
      const fail = (error: unknown): PromiseLike<never> =>
        new RetryRun(config, { target, args, self: this }, startedMs).resume(error);
      try {
        return Promise.resolve(target.apply(this, given)).then(undefined, fail);
      } catch (error) {
        return Promise.resolve(fail(error));
      }
    };
}

/**
 * Whether the first attempt of a call needs no run: nothing cuts it, judges its result, or looks on. A call that succeeds at
 * once then costs no more than a loop written by hand.
 */
function needsNoRun({ given, judge, steps, deadlineMs, attemptTimeoutMs }: RetryConfig): boolean {
  const { budget, signal, onAttempt, onSuccess } = given;
  const isUnbounded = deadlineMs === Number.POSITIVE_INFINITY && attemptTimeoutMs === Number.POSITIVE_INFINITY;
  return isUnbounded && !(judge || steps || budget || signal || onAttempt || onSuccess);
}
