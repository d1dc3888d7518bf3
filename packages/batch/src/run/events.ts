import type { LaneState, LlmEvent, QuotaChanged } from "@bide/llm";
import type { ImportReport } from "../journal/import.js";
import type { Attempt } from "../journal/records.js";
import type { BatchSummary } from "./options.js";
import type { Progress } from "./progress.js";
import type { Stop } from "./stop.js";

/** The input is checked, and the first request can go. */
export interface RunStarted {
  readonly type: "run-started";
  /** Changes while the run goes on. */
  readonly progress: Progress;
  /** The quota's lanes that were used so far, one for each key and model: levels, queues, what binds. */
  readonly lanes: () => readonly LaneState[];
  /** What is different from the input of the run before; absent when it is the same. */
  readonly changes: ImportReport | undefined;
}

/** A request leaves. */
export interface AttemptStarted {
  readonly type: "attempt-started";
  readonly customId: string;
  /** From 1. */
  readonly number: number;
}

/** A request ended. Tokens and cost are known when its item is done. */
export interface AttemptEnded {
  readonly type: "attempt-ended";
  readonly customId: string;
  readonly attempt: Attempt;
}

/** An item has its result, and the result is on the disk. */
export interface ItemDone {
  readonly type: "item-done";
  readonly customId: string;
  readonly ok: boolean;
  /** The status of the answer; absent when there was none. */
  readonly status?: number | undefined;
  /** Why there was no answer. */
  readonly code?: string | undefined;
  /** HTTP requests that it took in this run. */
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Absent where the model has no price. */
  readonly cost?: number | undefined;
}

/** No connection to an endpoint comes about: it is left alone while others are in reach, and looked at now and then. */
export interface EndpointLost {
  readonly type: "endpoint-lost";
  /** Its place among the endpoints, from 0. */
  readonly endpoint: number;
  /** With the port. */
  readonly host: string;
}

/** An endpoint that was lost has answered: it takes part again. */
export interface EndpointRegained {
  readonly type: "endpoint-regained";
  readonly endpoint: number;
  readonly host: string;
}

/** Nothing new begins any more; what is under way is finished. */
export interface RunStopping {
  readonly type: "run-stopping";
  readonly stop: Stop;
}

/** The run is over. */
export interface RunEnded {
  readonly type: "run-ended";
  readonly summary: BatchSummary;
}

/** What the layer under the requests tells that is about no single request. */
export type LayerTold =
  | QuotaChanged
  | Exclude<
      LlmEvent,
      {
        readonly type:
          | "request-sent"
          | "request-failed"
          | "request-abandoned"
          | "retry-planned"
          | "call-answered"
          | "call-failed"
          | "answer-settled";
      }
    >;

/** What a run tells while it goes on. No event carries a prompt, an answer, a key or a header. */
export type BatchEvent =
  | RunStarted
  | AttemptStarted
  | AttemptEnded
  | ItemDone
  | EndpointLost
  | EndpointRegained
  | RunStopping
  | RunEnded
  | (LayerTold & { readonly endpoint: number });
