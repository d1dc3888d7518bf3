import type { Clock, Duration } from "bide";
import type { BatchOptions } from "../run/options.js";

/** Options of `runDistributed`. Endpoint, key and quota are the workers'. */
export interface DistributedOptions
  extends Pick<BatchOptions, "output" | "retryFailed" | "drain" | "signal" | "clock" | "openDatabase" | "onEvent"> {
  /** A file of OpenAI Batch lines. */
  readonly input: string;
  /** The address of the Redis where workers find the jobs. */
  readonly redis: string;
  /** The most jobs that lie in Redis at once, done ones included. An integer >= 1. @default 1000 */
  readonly window?: number | undefined;
  /** How long a prompt lies in Redis at the most; one that is still needed then is put there again. @default "1h" */
  readonly promptsFor?: Duration | undefined;
  /** Encrypts prompts and answers, with a text that coordinator and workers share and Redis never sees. @default none */
  readonly secret?: string | undefined;
  /** Hears, at the start, what this Redis may lose. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** The defaults of {@link DistributedOptions}. */
export const DISTRIBUTED_DEFAULTS: { readonly window: number; readonly promptsFor: Duration } = Object.freeze({
  window: 1000,
  promptsFor: "1h",
});

/** Options of `startWorker`. */
export interface WorkerOptions {
  readonly redis: string;
  /** As OpenAI's clients take it: with the version, for instance `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`. It never leaves the worker but for the endpoint. @default none */
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What makes a single HTTP request. @default the host's `fetch` */
  readonly fetch?: typeof fetch | undefined;
  /** Puts quota and retries around that. @default none */
  readonly through?: ((transport: typeof fetch) => typeof fetch) | undefined;
  /** The most requests at once, of each run. An integer >= 1. @default 64 */
  readonly concurrency?: number | undefined;
  /** The secret of the coordinators. @default none */
  readonly secret?: string | undefined;
  /** After this without a sign of life, a worker's jobs are taken over by others. @default "10s" */
  readonly lock?: Duration | undefined;
  /** Hears, once for each, of runs that this worker cannot take part in. */
  readonly onProblem?: ((sentence: string) => void) | undefined;
  /** @default the host's name and the process's number */
  readonly name?: string | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
}

/** The defaults of {@link WorkerOptions}. */
export const WORKER_DEFAULTS: { readonly concurrency: number; readonly lock: Duration } = Object.freeze({
  concurrency: 64,
  lock: "10s",
});
