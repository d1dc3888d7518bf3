import type { LlmFetch, PriceList, StandardSchema } from "@bide/llm";
import type { Clock, Duration } from "bide";
import type { PromptOptions } from "../formats/prompts/template.js";
import type { OpenDatabase } from "../journal/database.js";
import type { ResultOrder } from "../journal/output-lines.js";
import type { Endpoint } from "./endpoint.js";
import type { RestEstimate } from "./estimate.js";
import type { BatchEvent } from "./events.js";
import type { BatchLines } from "./input.js";
import type { RequestTotals } from "./progress.js";
import type { Stop } from "./stop.js";

/** Options of `runBatch`: one endpoint in place (`baseUrl`, `apiKey`, `quota`, …), or several in `endpoints`. */
export interface BatchOptions extends Partial<Endpoint> {
  /**
   * A file of OpenAI Batch lines, or of prompts, either of them compressed with gzip or not; `-` for standard input. Or the
   * requests themselves: they are read to their end, and kept in the journal, before the first one is sent.
   */
  readonly input: string | BatchLines;
  /** How prompts become requests. @default by the name of the input: `.csv` and `.txt` hold prompts, anything else requests */
  readonly prompts?: PromptOptions | undefined;
  /** Where successes go; failures and the journal stand beside it. A `.csv` takes the rows of the CSV that came in. */
  readonly output: string;
  /** Several endpoints or keys, each with its own quota: an item goes where there is room. In place of `baseUrl`. */
  readonly endpoints?: readonly Endpoint[] | undefined;
  /**
   * What makes a single HTTP request. An `llmFetch` is used as it is, with its own quota, retries and time-outs, so that a
   * batch shares them with other callers. @default the host's `fetch`
   */
  readonly fetch?: typeof fetch | LlmFetch | undefined;
  /** HTTP requests per item, the first one included; an integer >= 1. Waiting for a quota consumes none. @default 8 */
  readonly maxAttempts?: number | undefined;
  /** The most time for one item, from the moment that it is taken up, waits included. @default Infinity */
  readonly deadline?: Duration | undefined;
  /** The most time for one HTTP request. @default "10m" */
  readonly attemptTimeout?: Duration | undefined;
  /**
   * How long a run waits for an endpoint that it has had an answer from, and that no connection comes about to any more. No
   * item consumes an attempt by that. One that never answered is not waited for: its address may be wrong. @default "10m"
   */
  readonly maxOutage?: Duration | undefined;
  /** The most items that are worked on at once; an integer >= 1. @default what keeps the quota busy, at least 64 */
  readonly concurrency?: number | undefined;
  /** Runs the items again that failed in an earlier run. @default false */
  readonly retryFailed?: boolean | undefined;
  /** Takes nothing new after this long; what is under way is finished. @default Infinity */
  readonly timeBudget?: Duration | undefined;
  /** Does this many items of those that are open, and leaves the rest; an integer >= 1. @default Infinity */
  readonly limit?: number | undefined;
  /** As `limit`, but spread evenly over the file: a trial that tells what the rest will take. */
  readonly sample?: number | undefined;
  /** What models cost. @default the list that ships with `@bide/llm` */
  readonly prices?: PriceList | undefined;
  /** Takes nothing new that could bring the cost of the batch, earlier runs included, above this. @default Infinity */
  readonly maxCost?: number | undefined;
  /** Sent in place of the model that a request names. */
  readonly model?: string | undefined;
  /** A schema that every answer must fit, of any library that speaks Standard Schema; one that does not is asked for again. */
  readonly validate?: StandardSchema | undefined;
  /** In which order the results are written at the end. @default "input" */
  readonly order?: ResultOrder | undefined;
  /** Aborted: what is under way is finished, nothing new begins. */
  readonly drain?: AbortSignal | undefined;
  /** Aborted: everything stops now. What was under way stays open for the next run. */
  readonly signal?: AbortSignal | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** @default SQLite through libsql */
  readonly openDatabase?: OpenDatabase | undefined;
  /** Hears what happens, in order. What it throws changes nothing. */
  readonly onEvent?: ((event: BatchEvent) => void) | undefined;
}

/** Defaults of {@link BatchOptions}. */
export const BATCH_DEFAULTS: {
  readonly concurrency: number;
  readonly mostConcurrency: number;
  readonly maxAttempts: number;
  readonly deadline: number;
  readonly attemptTimeout: "10m";
  readonly maxOutage: "10m";
  readonly order: ResultOrder;
} = Object.freeze({
  concurrency: 64,
  mostConcurrency: 1000,
  maxAttempts: 8,
  deadline: Number.POSITIVE_INFINITY,
  attemptTimeout: "10m",
  maxOutage: "10m",
  order: "input",
});

/** How a run ended. */
export interface BatchSummary extends RequestTotals {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Not done yet: the next run takes them. */
  readonly open: number;
  /** How many were done before this run began. */
  readonly before: number;
  /** Of the prices, such as `USD`. */
  readonly currency: string;
  readonly elapsedMs: number;
  /** Why items are still open. */
  readonly stop: Stop | undefined;
  /** After a `limit` or a `sample`: what the items that were left will take. */
  readonly rest?: RestEstimate | undefined;
  /** The files, where they were written. */
  readonly results: string;
  readonly errors: string | undefined;
  readonly journal: string;
}
