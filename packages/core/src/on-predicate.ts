import { BACKOFF_KEYS, type BackoffOptions, backoffConfig } from "./backoff/config.js";
import { stepsOf } from "./backoff/details.js";
import { inOrder } from "./backoff/in-order.js";
import { checkFunction, checkKeys } from "./options.js";
import { makePolicy, type Policy } from "./policy.js";
import { retryCore } from "./retry/retry.js";
import type { Schedule } from "./schedule.js";

/** Options of {@link onPredicate}. */
export type OnPredicateOptions = BackoffOptions;

/**
 * Calls again while the predicate holds for the function's result: `backoff.on_predicate`, in milliseconds.
 * Unbounded unless told. When given up, the last result is returned. What the function throws passes through.
 *
 * @param predicate @default falsy results: false, 0, "", null, undefined, NaN
 */
export function onPredicate<V = unknown>(
  schedule: Schedule,
  predicate: (value: V) => boolean | PromiseLike<boolean> = (value) => !value,
  options: OnPredicateOptions = {},
): Policy<V> {
  checkKeys(options, BACKOFF_KEYS, "onPredicate");
  checkFunction(predicate, "predicate");
  const config = backoffConfig(schedule, options, { on: () => false, while: predicate as (value: unknown) => boolean });
  return makePolicy(retryCore({ ...config, steps: stepsOf(options, inOrder), onGivenUp: "value" }));
}
