import type { CurrencyState } from "bide";
import type { LimitSource } from "./bucket.js";
import type { CostModel } from "./cost-models.js";

/** One bucket of a lane. */
export interface BucketState extends CurrencyState {
  /** Told by the user, learned from the provider, or searched for because nobody tells. */
  readonly source: LimitSource;
}

/** The way of one key to one model, as it is now: what may go, who waits, and for what. */
export interface LaneState {
  /** A hash of host, key and organization. */
  readonly keyId: string;
  readonly model: string;
  /** The buckets, by what they count: `requests`, `tokens`, `input-tokens`, `output-tokens`, `requests-day`, `tokens-day`. */
  readonly currencies: Readonly<Record<string, BucketState>>;
  readonly inFlight: number;
  /** `Infinity`: nothing limits it. */
  readonly mostInFlight: number;
  /** Calls that wait. */
  readonly queueLength: number;
  /** Milliseconds until the first of them may go; with nobody waiting, until a call could. An estimate while concurrency binds. */
  readonly nextAdmissionMs: number;
  /** What that one waits for: a currency, `"concurrency"` or `"pause"`; `undefined`: nothing. */
  readonly binds: string | undefined;
  /** The end of the pause, on the clock; `undefined` when there is none. */
  readonly pausedUntilMs: number | undefined;
  /** Milliseconds until the last of those who wait may go. */
  readonly drainMs: number;
  /** How the provider charges, as far as it is known. `"own"`: by the dialect's own formula. */
  readonly costModel: CostModel | "own";
  /** Tokens of a prompt, as answers count them, for each that was estimated. 1: not known yet, or exact. */
  readonly tokenRatio: number;
  /** What a request cost of late, by currency, at the mean. */
  readonly meanCost: Readonly<Record<string, number>>;
  /** How long a request was in flight of late, at the mean; `undefined`: none has ended yet. */
  readonly meanLatencyMs: number | undefined;
}

/**
 * Milliseconds until so many more requests could have been let in, behind those who wait: by the buckets and the places in
 * flight as they are now, and by what requests cost of late. Their answers take `meanLatencyMs` more.
 *
 * @param cost What each will cost. @default what they cost at the mean, or one request
 */
export function timeToAdmitMs(
  lane: LaneState,
  requests: number,
  cost: Readonly<Record<string, number>> = lane.meanCost,
): number {
  const { currencies, mostInFlight, inFlight, meanLatencyMs = 0, queueLength, pausedUntilMs, nextAdmissionMs } = lane;
  const all = requests + queueLength;
  const waits = Object.entries(currencies).map(([currency, { level, limit, perMs }]) => {
    const amount = all * (cost[currency] ?? (currency.startsWith("requests") ? 1 : 0));
    return ((amount - level) * perMs) / limit;
  });
  const overPlaces = all - Math.max(0, mostInFlight - inFlight);
  const placesMs = overPlaces > 0 ? (overPlaces / mostInFlight) * meanLatencyMs : 0;
  return Math.max(0, placesMs, pausedUntilMs === undefined ? 0 : nextAdmissionMs, ...waits);
}

/** Why a lane's limits are other ones now. */
export type LaneChange = "learned" | "cut" | "slowed" | "concurrency" | "cost-model" | "paused";

/** A lane learned something: told whenever a limit, a price or a pause changes. */
export interface QuotaChanged {
  readonly type: "quota-changed";
  readonly keyId: string;
  readonly model: string;
  readonly cause: LaneChange;
  /** What it is like now. */
  readonly lane: LaneState;
}
