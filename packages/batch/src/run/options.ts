import type { Clock } from "bide";
import type { OpenDatabase } from "../journal/database.js";
import type { ImportReport } from "../journal/import.js";
import type { Endpoint } from "./endpoint.js";
import type { Progress } from "./progress.js";
import type { Stop } from "./stop.js";

/** Options of `runBatch`. */
export interface BatchOptions extends Endpoint {
  /** A file of OpenAI Batch lines. */
  readonly input: string;
  /** Where successes go; failures and the journal stand beside it. */
  readonly output: string;
  /** What makes a single HTTP request. @default the host's `fetch` */
  readonly fetch?: typeof fetch | undefined;
  /** Puts quota and retries around that. @default none */
  readonly through?: ((transport: typeof fetch) => typeof fetch) | undefined;
  /** The most items that are worked on at once; an integer >= 1. @default 64 */
  readonly concurrency?: number | undefined;
  /** Runs the items again that failed in an earlier run. @default false */
  readonly retryFailed?: boolean | undefined;
  /** Aborted: what is under way is finished, nothing new begins. */
  readonly drain?: AbortSignal | undefined;
  /** Aborted: everything stops now. What was under way stays open for the next run. */
  readonly signal?: AbortSignal | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** @default SQLite through libsql */
  readonly openDatabase?: OpenDatabase | undefined;
  /** Called once, before the first request, when the input has been checked. */
  readonly onStart?: ((progress: Progress, changes: ImportReport | undefined) => void) | undefined;
  /** Called for each item whose result is on the disk. What it throws changes nothing. */
  readonly onResult?: ((result: ItemResult) => void) | undefined;
}

/** An item that is done. */
export interface ItemResult {
  readonly customId: string;
  readonly ok: boolean;
  /** The status of the answer; absent when there was none. */
  readonly status?: number | undefined;
  /** Why there was no answer. */
  readonly code?: string | undefined;
  /** HTTP requests that it took in this run. */
  readonly attempts: number;
}

/** Defaults of {@link BatchOptions}. */
export const BATCH_DEFAULTS: { readonly concurrency: number; readonly retryFailed: boolean } = Object.freeze({
  concurrency: 64,
  retryFailed: false,
});

/** How a run ended. */
export interface BatchSummary {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Not done yet: the next run takes them. */
  readonly open: number;
  /** How many were done before this run began. */
  readonly before: number;
  /** HTTP requests of this run. */
  readonly attempts: number;
  /** Those of them that were answered with 429. */
  readonly rateLimited: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly elapsedMs: number;
  /** Why items are still open. */
  readonly stop: Stop | undefined;
  /** The files, where they were written. */
  readonly results: string;
  readonly errors: string | undefined;
  readonly journal: string;
}
