import type { Counts } from "../journal/records.js";
import type { RequestTotals } from "../run/progress.js";
import type { Bar, Percentiles } from "./histogram.js";
import type { Series } from "./series.js";

/** All that a report says. It holds names of items, and nothing of a prompt or an answer. */
export interface ReportData {
  /** The name of the output, without its folder. */
  readonly name: string;
  /** Wall time, milliseconds since 1970. */
  readonly madeAtMs: number;
  /** Whether a run was under way when it was made. */
  readonly isRunning: boolean;
  readonly counts: Counts;
  readonly totals: Totals;
  readonly limits: Limits;
  readonly models: readonly ModelShare[];
  /** Those with the most requests first; none of a batch on one machine. */
  readonly workers: readonly WorkerShare[];
  readonly runs: readonly RunShown[];
  readonly series: Series;
  /** Of requests that were answered well: from sending to the whole answer, in milliseconds. */
  readonly latencyMs: Percentiles;
  readonly latencyBars: readonly Bar[];
  /** Of all requests: how long each stood in line for its quota or a pause, in milliseconds. */
  readonly queuedMs: Percentiles;
  /** Of items: their requests and the waits between them, without the time in line for the quota, in milliseconds. */
  readonly itemMs: Percentiles;
  readonly failures: readonly FailureKind[];
  readonly slowest: readonly ItemShown[];
  /** The first of the items that failed for good. */
  readonly failed: readonly ItemShown[];
  readonly bottleneck: Bottleneck;
  readonly advice: readonly string[];
}

/** Sums over all runs. */
export interface Totals extends RequestTotals {
  /** Of the last run's prices. */
  readonly currency: string;
  readonly pricesDate: string | undefined;
  /** The time in which a run was under way. */
  readonly runningMs: number;
}

/** What the last run was told; absent where it was told nothing. */
export interface Limits {
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** What one model had of it. */
export interface ModelShare {
  readonly model: string;
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: number;
}

/** What one worker had of it. */
export interface WorkerShare {
  readonly worker: string;
  /** Items whose result is from it. */
  readonly items: number;
  readonly attempts: number;
  /** Those of them that failed in whatever way. */
  readonly failed: number;
  /** Those of them that were answered with 429. */
  readonly rateLimited: number;
  /** Of requests that were answered well, in milliseconds. */
  readonly latencyMs: Percentiles;
}

/** A run, for people. */
export interface RunShown {
  readonly startedMs: number;
  readonly endedMs: number;
  /** Where it begins on the axis of running time. */
  readonly atMs: number;
  /** `done`, why it ended before, `killed`, or `running`. */
  readonly ending: string;
}

/** Requests that failed in one way. */
export interface FailureKind {
  /** What it means for what to do next, such as `rate`; `cut` of what was ended from here. */
  readonly class: string;
  /** The rule or the network's code, such as `ECONNRESET`. */
  readonly code: string;
  readonly status: number | undefined;
  readonly attempts: number;
}

/** An item among the slowest or the failed. */
export interface ItemShown {
  readonly customId: string;
  /** HTTP requests in the run that ended it. */
  readonly attempts: number;
  /** Requests and the waits between them, without the time in line for the quota, which says nothing of the item. */
  readonly tookMs: number;
  readonly queuedMs: number;
  readonly status: number | undefined;
  readonly class: string | undefined;
  readonly code: string | undefined;
}

/** What kept the batch from being done sooner. */
export interface Bottleneck {
  readonly binds: "requests" | "tokens" | "concurrency" | "nothing";
  /** The share of the running time that it alone explains, 0 to 1. */
  readonly share: number;
  /** What each needs at the least, in milliseconds; absent where its limit is not known. */
  readonly requestsMs: number | undefined;
  readonly tokensMs: number | undefined;
  readonly concurrencyMs: number | undefined;
}
