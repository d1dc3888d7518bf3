import { BACKOFF_KEYS, type BackoffOptions, backoffConfig } from "./backoff/config.js";
import { stepsOf } from "./backoff/details.js";
import { inOrder } from "./backoff/in-order.js";
import { type ErrorClass, matcherOf } from "./error-class.js";
import { checkBoolean, checkFunction, checkKeys } from "./options.js";
import { makePolicy, type Policy } from "./policy.js";
import { retryCore } from "./retry/retry.js";
import type { Schedule } from "./schedule.js";

/** Options of {@link onException}; `R` is what `raiseOnGiveup` says. */
export type OnExceptionOptions<R extends boolean = boolean> = BackoffOptions & GiveupOptions<R>;

interface GiveupOptions<R extends boolean> {
  /** Asked at every failure that matches, the last one included: `true` gives up at once. What it throws is final. */
  readonly giveup?: ((error: unknown) => boolean | PromiseLike<boolean>) | undefined;
  /** `false`: resolve to `undefined` instead of throwing when the calls are given up, for whatever reason. @default true */
  readonly raiseOnGiveup?: R | undefined;
}

/** Every option of `onException`. */
export const ON_EXCEPTION_KEYS: readonly string[] = /* @__PURE__ */ BACKOFF_KEYS.concat("giveup", "raiseOnGiveup");

/**
 * Calls again when the function throws one of these errors: `backoff.on_exception`, in milliseconds.
 * Unbounded unless told. What finally comes out is the function's own last error, the same object.
 *
 * @param schedule The waits; see `expo`, `fibo`, `constant`, `decay`, `runtime`.
 * @param exception The error class, or classes, that are retried. Others pass through untouched, with no handler called.
 */
export function onException<const R extends boolean = true>(
  schedule: Schedule,
  exception: ErrorClass | readonly ErrorClass[],
  options: OnExceptionOptions<R> = {},
): Policy<unknown, false extends R ? undefined : never> {
  checkKeys(options, ON_EXCEPTION_KEYS, "onException");
  const { giveup, raiseOnGiveup = true, ...shared }: OnExceptionOptions = options;
  checkFunction(giveup, "giveup");
  checkBoolean(raiseOnGiveup, "raiseOnGiveup");
  const matches = matcherOf(exception, "exception");
  const on = async (error: unknown): Promise<boolean | "stop"> => {
    if (!(await matches(error))) return false;
    return (await giveup?.(error)) ? "stop" : true;
  };
  const config = backoffConfig(schedule, shared, { on });
  const steps = stepsOf(shared, inOrder);
  return makePolicy(retryCore({ ...config, steps, onGivenUp: raiseOnGiveup ? "throw" : "undefined" }));
}
