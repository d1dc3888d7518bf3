import type { LaneState } from "@bide/llm";
import { type Endpoint, toldLimits } from "./endpoint.js";
import { BATCH_DEFAULTS } from "./options.js";

/** How long answers are taken to be at the most, for a quota to be kept busy. */
const SLOW_ANSWER_MS = 30_000;

/** Enough to keep a quota busy while answers take half a minute, and not so much that a server without one is swamped. */
export function firstConcurrency(endpoints: readonly Endpoint[]): number {
  const perMinute = endpoints.reduce((sum, endpoint) => sum + (toldLimits(endpoint).rpm ?? 0), 0);
  return bounded((perMinute / 60_000) * SLOW_ANSWER_MS);
}

/** The same, once the answers have told more of the quota. */
export function learnedConcurrency(lanes: readonly LaneState[]): number {
  return bounded(lanes.reduce((sum, lane) => sum + inFlightOf(lane), 0));
}

/** How many requests of a lane may be in flight when answers are slow; those that only wait for a place come on top. */
function inFlightOf({ currencies, meanCost, mostInFlight }: LaneState): number {
  const rates = Object.entries(currencies)
    .filter(([, { source }]) => source !== "searched")
    .map(([currency, { limit, perMs }]) => limit / perMs / Math.max(1, meanCost[currency] ?? 1));
  const perMs = Math.min(...rates);
  const wanted = perMs === Number.POSITIVE_INFINITY ? 0 : perMs * SLOW_ANSWER_MS;
  return Math.min(mostInFlight, wanted);
}

function bounded(wanted: number): number {
  const { concurrency, mostConcurrency } = BATCH_DEFAULTS;
  return Math.min(mostConcurrency, Math.max(concurrency, Math.ceil(wanted)));
}
