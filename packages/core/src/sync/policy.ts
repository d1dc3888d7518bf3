import type { Cancellation } from "../cancellation.js";
import { checkKeys } from "../options.js";
import type { Attempt, GivenUp, Outcome, RunOptions, Trace } from "../outcome.js";
import type { RetryConfig } from "../retry/config.js";
import { known } from "../run-outcome.js";
import type { AnyFunction } from "../wrapped.js";
import { checkWrappable, wraps } from "../wraps.js";
import type { BlockingClock } from "./blocking-clock.js";
import { SyncRun } from "./run.js";

/** What stands in for a function that returns a promise: this policy cannot wait for it. */
interface ReturnsPromise {
  readonly returnsPromise: "use the policies of bide, which return promises, for this function";
}

/** A function that always throws returns `never`, which is a promise to the compiler, and none to us. */
type Blocking<F> = F extends (...args: never[]) => infer R
  ? [R] extends [never]
    ? unknown
    : R extends PromiseLike<unknown>
      ? ReturnsPromise
      : unknown
  : unknown;

/** The type of a wrapped function: itself, unless the policy may return something else. */
export type WrappedSync<F, Extra> = [Extra] extends [never]
  ? F
  : F extends (...args: infer A) => infer R
    ? ((this: ThisParameterType<F>, ...args: A) => R | Extra) & Pick<F, keyof F>
    : never;

/** A way to run operations that blocks until they succeed or are given up; and so a decorator of functions and methods. */
export interface SyncPolicy<in In = unknown, out Extra = never> {
  /** Wraps `fn`: same parameters, result, `this`, name, length and own properties. Also a TC39 method decorator. */
  <F extends (...args: never[]) => In>(
    fn: F & Blocking<F>,
    context?: ClassMethodDecoratorContext,
  ): WrappedSync<F, Extra>;
  /** Wraps a function that wants to see its attempt. */
  withAttempt<A extends unknown[], R extends In>(fn: (attempt: Attempt, ...args: A) => R): (...args: A) => R | Extra;
  /** Runs one operation now. */
  run<T extends In>(operation: (attempt: Attempt) => T, options?: RunOptions): T | Extra;
  /** Like `run`, and never throws: value or failure, with attempts, waits and the reason it stopped. */
  outcome<T extends In>(operation: (attempt: Attempt) => T, options?: RunOptions): Outcome<T | Extra>;
}

/** Makes a policy that blocks of a configuration. */
export function makeSyncPolicy<In = unknown, Extra = never>(
  config: RetryConfig,
  clock: BlockingClock,
): SyncPolicy<In, Extra> {
  // The types of the public face are promises about any function; here is the one place that makes them, untyped.
  const wrap = (fn: (this: unknown, ...args: unknown[]) => unknown): unknown => {
    checkWrappable(fn);
    const target = fn as AnyFunction;
    return wraps(target)(function (this: unknown, ...args: unknown[]): unknown {
      const call = { target, args, self: this };
      return new SyncRun(config, { clock, options: undefined, trace: undefined, call }).execute(() =>
        fn.apply(this, args),
      );
    });
  };
  const face = {
    withAttempt(fn: (attempt: Attempt, ...args: unknown[]) => unknown): unknown {
      checkWrappable(fn);
      const target = fn as AnyFunction;
      return wraps(target)(function (this: unknown, ...args: unknown[]): unknown {
        const call = { target, args, self: this };
        const run = new SyncRun(config, { clock, options: undefined, trace: undefined, call });
        return run.execute((attempt) => fn.call(this, attempt, ...args));
      });
    },
    run: <T>(operation: (attempt: Attempt) => T, options?: RunOptions): T => {
      checkRun(operation, options);
      return new SyncRun(config, { clock, options, trace: undefined, call: undefined }).execute(operation);
    },
    outcome: <T>(operation: (attempt: Attempt) => T, options?: RunOptions): Outcome<T> =>
      outcomeOf(config, clock, operation, options),
  };
  return Object.assign(wrap, face) as unknown as SyncPolicy<In, Extra>;
}

/** As for the policies of `bide`; only nobody has a priority here. */
function checkRun(operation: unknown, options: (RunOptions & Partial<Cancellation>) | undefined): void {
  checkWrappable(operation, "operation");
  if (options !== undefined && !options?.listen) checkKeys(options, ["signal", "deadlineMs"], "run");
}

function outcomeOf<T>(
  config: RetryConfig,
  clock: BlockingClock,
  operation: (attempt: Attempt) => T,
  options: RunOptions | undefined,
): Outcome<T> {
  const trace: Trace & Pick<GivenUp, "reason"> = { attempts: 0, waitsMs: [], reason: "not-retryable" };
  const startedMs = clock.nowMs();
  const ended = (): { attempts: number; waitsMs: readonly number[]; elapsedMs: number } => ({
    attempts: trace.attempts,
    waitsMs: trace.waitsMs,
    elapsedMs: clock.nowMs() - startedMs,
  });
  try {
    checkRun(operation, options);
    const value = new SyncRun(config, { clock, options, trace, call: undefined }).execute(operation);
    return { ok: true, value, reason: "success", ...ended() };
  } catch (error) {
    return { ok: false, error, reason: trace.reason, ...ended(), ...known(trace) };
  }
}
