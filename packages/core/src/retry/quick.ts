import { defaultClock } from "../clock.js";
import { isObserved } from "../events.js";
import type { AnyFunction } from "../wrapped.js";
import type { RetryConfig } from "./config.js";
import { resume } from "./execute.js";
import { RetryRun } from "./run.js";

/**
 * The wrapper of a function whose first attempt needs no run: nothing cuts it, judges its result, or looks on.
 * `undefined` where something does.
 */
export function quickWrapper(config: RetryConfig): ((fn: AnyFunction, slow: AnyFunction) => AnyFunction) | undefined {
  if (!isQuick(config)) return undefined;
  const readsClock = config.maxTimeMs !== Number.POSITIVE_INFINITY || config.showsElapsed;
  return (fn, slow) =>
    async function (this: unknown, ...args: never[]): Promise<unknown> {
      if (isObserved()) return slow.apply(this, args);
      const startedMs = readsClock ? (config.clock ?? defaultClock()).nowMs() : undefined;
      try {
        return await fn.apply(this, args);
      } catch (error) {
        const run = new RetryRun(config, undefined, undefined, { target: fn, args, self: this }, startedMs);
        return await resume(run, () => fn.apply(this, args), error);
      }
    };
}

function isQuick({
  accepts,
  deadlineMs,
  attemptTimeoutMs,
  budget,
  signal,
  hooks,
  steps,
  onGivenUp,
}: RetryConfig): boolean {
  const isUnbounded = deadlineMs === Number.POSITIVE_INFINITY && attemptTimeoutMs === Number.POSITIVE_INFINITY;
  return isUnbounded && onGivenUp === "throw" && !(accepts || budget || signal || steps || hooks.lookOnSuccess);
}
