import type { StandardSchema } from "@bide/llm";
import type { Clock, Duration } from "bide";
import type { Endpoint } from "../run/endpoint.js";
import type { BatchOptions } from "../run/options.js";
import type { Stop } from "../run/stop.js";

/** Options of `runDistributed`. Endpoint, key, quota and retries are the workers'. */
export interface DistributedOptions
  extends Pick<
    BatchOptions,
    | (
        | "input"
        | "prompts"
        | "output"
        | "order"
        | "retryFailed"
        | "timeBudget"
        | "limit"
        | "sample"
        | "model"
        | "prices"
        | "maxCost"
      )
    | ("drain" | "signal" | "clock" | "openDatabase" | "onEvent")
  > {
  /** The address of the Redis where workers find the jobs. */
  readonly redis: string;
  /**
   * The most jobs that lie in Redis at once, done ones included. An integer >= 1.
   *
   * @default twice as many as the workers can hold, at least 1000
   */
  readonly window?: number | undefined;
  /** How long a prompt lies in Redis at the most; one that is still needed then is put there again. @default "1h" */
  readonly promptsFor?: Duration | undefined;
  /** Encrypts prompts and answers, with a text that coordinator and workers share and Redis never sees. @default none */
  readonly secret?: string | undefined;
  /**
   * A JSON Schema, as text, that every answer must fit; one that does not is asked for again. Workers that cannot check it
   * take no part. @default none
   */
  readonly schema?: string | undefined;
  /** Hears, at the start, what this Redis may lose, and once for each, of errors that are waited out. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** The defaults of {@link DistributedOptions}. */
export const DISTRIBUTED_DEFAULTS: { readonly promptsFor: Duration } = Object.freeze({ promptsFor: "1h" });

/** Options of `startWorker`. Its key never leaves it but for the endpoint. */
export interface WorkerOptions
  extends Endpoint,
    Pick<BatchOptions, "fetch" | "maxAttempts" | "deadline" | "attemptTimeout" | "validate"> {
  readonly redis: string;
  /** The most requests at once, of each run. An integer >= 1. @default 64 */
  readonly concurrency?: number | undefined;
  /** Makes a check of a run's {@link DistributedOptions.schema}. @default none: runs that have one are sat out */
  readonly schemaCheck?: ((schema: string) => StandardSchema) | undefined;
  /** The secret of the coordinators. @default none */
  readonly secret?: string | undefined;
  /** After this without a sign of life, a worker's jobs are taken over by others. @default "10s" */
  readonly lock?: Duration | undefined;
  /** How long `drain` waits for what is under way; then others take it over. @default "25s" */
  readonly drainsFor?: Duration | undefined;
  /** Hears why nothing more can be sent. The worker sits out the runs that there are, and tries again with the next start of one. */
  readonly onStop?: ((stop: Stop) => void) | undefined;
  /** Hears, once for each, of runs that this worker cannot take part in, and of errors that are waited out. */
  readonly onProblem?: ((sentence: string) => void) | undefined;
  /** @default the host's name and the process's number */
  readonly name?: string | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
}

/** The defaults of {@link WorkerOptions}. */
export const WORKER_DEFAULTS: {
  readonly concurrency: number;
  readonly lock: Duration;
  readonly drainsFor: Duration;
} = Object.freeze({ concurrency: 64, lock: "10s", drainsFor: "25s" });
