import type { ItemOutcome } from "../formats/batch-response.js";

/** A request as the journal knows it. */
export interface Item {
  readonly line: number;
  readonly offset: number;
  readonly length: number;
  readonly customId: string;
  readonly fingerprint: Buffer;
}

/** One HTTP request that was made for an item. */
export interface AttemptRecord {
  /** From 1. */
  readonly number: number;
  /** Wall time, milliseconds since 1970. */
  readonly startedMs: number;
  /** From the moment it could have gone (the item's start, or the end of the attempt before) until it went. */
  readonly waitedMs: number;
  readonly tookMs: number;
  /** Absent when there was no answer. */
  readonly status?: number | undefined;
  /** What went wrong: the answer's error code, or the network's. */
  readonly code?: string | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What became of an item in a run. */
export interface ItemRecord {
  readonly item: Item;
  readonly attempts: readonly AttemptRecord[];
  /** How it ended for good; absent when the run let go of it. */
  readonly outcome?: ItemOutcome | undefined;
}

/** How many items are in which state. */
export interface Counts {
  readonly total: number;
  readonly open: number;
  readonly succeeded: number;
  readonly failed: number;
}
