import type { DecisionClass, LaneState } from "@bide/llm";
import type { Clock } from "bide";

/** What the requests of a run came to. */
export interface RequestTotals {
  /** HTTP requests that ended. */
  readonly attempts: number;
  /** Those of them that were answered with 429. */
  readonly rateLimited: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  /** What the answers cost, in the currency of the run's prices. */
  readonly cost: number;
  /** Answers whose model has no price. */
  readonly unpriced: number;
}

/** How a run stands, now. One object that changes while the run goes on: read it as often as you like. */
export interface Progress extends RequestTotals {
  readonly total: number;
  /** Done before this run began. */
  readonly before: number;
  /** Those of them that had failed. */
  readonly failedBefore: number;
  readonly succeeded: number;
  readonly failed: number;
  /** The most items of this run, by its `limit` or `sample`; else `Infinity`. */
  readonly limit: number;
  /** Items that are being worked on: their request is under way, or waits for its turn. */
  readonly inFlight: number;
  /** Those of them whose request is under way at this moment; the others wait for quota, a pause or a retry. */
  readonly sending: number;
  /** Requests of this run that failed, by what that meant. */
  readonly failures: Readonly<Partial<Record<DecisionClass, number>>>;
  /** The quota of each key and model that requests went to: what is let in, who waits, and what binds. */
  readonly lanes: readonly LaneState[];
  /** Milliseconds since the first request could go. */
  readonly elapsedMs: number;
}

/** How a run stands that has not begun. */
export const NO_PROGRESS: Progress = Object.freeze({
  total: 0,
  before: 0,
  failedBefore: 0,
  succeeded: 0,
  failed: 0,
  limit: Number.POSITIVE_INFINITY,
  inFlight: 0,
  sending: 0,
  attempts: 0,
  rateLimited: 0,
  failures: {},
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  cost: 0,
  unpriced: 0,
  lanes: [],
  elapsedMs: 0,
});

/** The numbers of a {@link Progress}, to be written. */
export type Figures = {
  -readonly [field in Exclude<keyof Progress, "elapsedMs" | "failures" | "lanes">]: number;
} & Pick<Progress, "elapsedMs" | "lanes"> & { readonly failures: Partial<Record<DecisionClass, number>> };

/** Figures with every count at nought, and the time running. @param lanes Looked up whenever somebody reads them. */
export function noFigures(clock: Clock, lanes: () => readonly LaneState[] = () => []): Figures {
  const startedMs = clock.nowMs();
  return {
    ...NO_PROGRESS,
    failures: {},
    get lanes() {
      return lanes();
    },
    get elapsedMs() {
      return clock.nowMs() - startedMs;
    },
  };
}
