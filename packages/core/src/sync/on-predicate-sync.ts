import { BACKOFF_KEYS, backoffConfig } from "../backoff/config.js";
import { stepsOf } from "../backoff/details.js";
import { checkFunction, checkKeys } from "../options.js";
import type { Schedule } from "../schedule.js";
import { blockingClockOf } from "./blocking-clock.js";
import { inTurn, type SyncBackoffOptions } from "./on-exception-sync.js";
import { makeSyncPolicy, type SyncPolicy } from "./policy.js";

/**
 * The blocking twin of `onPredicate`: `backoff.on_predicate` around a function that is not async.
 *
 * @param predicate @default falsy results: false, 0, "", null, undefined, NaN
 */
export function onPredicateSync<V = unknown>(
  schedule: Schedule,
  predicate: (value: V) => boolean = (value) => !value,
  options: SyncBackoffOptions = {},
): SyncPolicy<V> {
  checkKeys(options, BACKOFF_KEYS, "onPredicateSync");
  checkFunction(predicate, "predicate");
  const { clock, ...shared } = options;
  const judge = { on: () => false, while: predicate as (value: unknown) => boolean };
  const config = backoffConfig(schedule, shared, judge);
  return makeSyncPolicy({ ...config, steps: stepsOf(shared, inTurn), onGivenUp: "value" }, blockingClockOf(clock));
}
