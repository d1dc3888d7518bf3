import type { DecisionClass } from "@bide/llm";
import type { ItemOutcome } from "../formats/batch-response.js";

/** A request as the journal knows it. */
export interface Item {
  readonly line: number;
  readonly offset: number;
  readonly length: number;
  readonly customId: string;
  readonly fingerprint: Buffer;
}

/** One HTTP request, when it is over. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Wall time, milliseconds since 1970. */
  readonly startedMs: number;
  /** From the moment it could have gone (the item's start, or the end of the attempt before) until it went. */
  readonly waitedMs: number;
  /** How much of that it stood in line for its quota. */
  readonly queuedMs?: number | undefined;
  readonly tookMs: number;
  /** Absent when there was no answer. */
  readonly status?: number | undefined;
  /** What went wrong: the network's code, or the rule that knew the answer, such as `openai.insufficient-quota`. */
  readonly code?: string | undefined;
  /** What that means for what to do next; absent when it succeeded. */
  readonly class?: DecisionClass | undefined;
  /** Which of the run's endpoints, from 0. */
  readonly endpoint?: number | undefined;
}

/** An attempt with what is known of it when its item is done. */
export interface AttemptRecord extends Attempt {
  /** As the request named it. */
  readonly model?: string | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Those of the input that were read from a cache. */
  readonly cachedTokens?: number | undefined;
  /** The bound on output tokens that the request set. */
  readonly maxTokens?: number | undefined;
  /** In the currency of the run's prices; absent where the model has none. */
  readonly cost?: number | undefined;
  /** Who made it, where several did. */
  readonly worker?: string | undefined;
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

/** One run of the program over the batch. */
export interface RunRecord {
  /** Wall time, milliseconds since 1970. */
  readonly startedMs: number;
  /** Absent while it runs, and for good when it was killed. */
  readonly endedMs?: number | undefined;
  readonly pid: number;
  /** `done`, why it ended before the file did, or `killed`; absent while it runs, and when it was killed and none came after it. */
  readonly ending?: string | undefined;
  /** What it was told, as {@link RunSettings} in JSON. */
  readonly settings: RunSettings;
}

/** What a run was told: enough to hold its figures against, and no key, header or prompt. */
export interface RunSettings {
  readonly concurrency?: number | undefined;
  readonly maxAttempts?: number | undefined;
  readonly endpoints?: readonly EndpointSettings[] | undefined;
  /** The day and the currency of the prices. */
  readonly prices?: { readonly date: string; readonly currency: string } | undefined;
}

/** An endpoint as the journal knows it. */
export interface EndpointSettings {
  readonly host: string;
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
}
