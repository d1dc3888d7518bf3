import { BideError, type Clock } from "bide";
import { type Job, Queue, WaitingError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { PREFIX, queueName } from "./names.js";

/** There is no Redis where one was named. */
export class RedisGoneError extends BideError {
  override readonly code = "BIDE_REDIS_GONE";
  override get name(): "RedisGoneError" {
    return "RedisGoneError";
  }
}

/** A connection that waits for Redis as long as it takes; what waits too long is the caller's to decide. */
export function connect(url: string): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => Math.min(2000, 50 * 2 ** tries),
  });
  // Without a listener an outage would end the process; what was asked meanwhile is answered when it is over.
  redis.on("error", () => undefined);
  return redis;
}

const ANSWERS_WITHIN_MS = 5000;

/** @throws RedisGoneError unless Redis answers within five seconds: a program that waits for ever says nothing. */
export async function reach(redis: Redis, clock: Clock): Promise<void> {
  const waiting = new AbortController();
  const late = clock.sleep(ANSWERS_WITHIN_MS, waiting.signal).then(() => {
    throw new RedisGoneError(`Redis gave no answer within ${ANSWERS_WITHIN_MS} ms`);
  });
  try {
    await Promise.race([redis.ping(), late]);
  } finally {
    late.catch(() => undefined);
    waiting.abort();
  }
}

/** A job that ended. */
export interface EndedJob {
  readonly id: string;
  /** What the worker returned; absent when no worker lived long enough. */
  readonly result: string | undefined;
}

/** How many jobs of a run there are. */
export interface JobCounts {
  readonly waiting: number;
  readonly active: number;
  readonly ended: number;
}

const WAITING = ["waiting", "prioritized", "delayed"] as const;

/** The queue of one run, as its coordinator sees it. All that is known of the queue engine stands in this file. */
export class RunQueue {
  readonly #queue: Queue;

  constructor(redis: Redis, run: string) {
    this.#queue = new Queue(queueName(run), { connection: redis, prefix: PREFIX, skipVersionCheck: true });
    this.#queue.on("error", () => undefined);
  }

  /** Adds jobs; one that is there already, done or not, stays as it is. */
  async add(ids: readonly string[]): Promise<void> {
    await this.#queue.addBulk(ids.map((jobId) => ({ name: "request", data: {}, opts: { jobId } })));
  }

  /** Jobs that ended and were not removed yet. */
  async ended(most: number): Promise<readonly EndedJob[]> {
    const jobs = await this.#queue.getJobs(["completed", "failed"], 0, most - 1, true);
    // A job that went away between the list and the look is nothing.
    return jobs.flatMap((job) => {
      const { id, returnvalue, failedReason } = (job ?? {}) as Partial<
        Pick<Job, "id" | "returnvalue" | "failedReason">
      >;
      if (id === undefined) return [];
      const result: unknown = failedReason === undefined ? returnvalue : undefined;
      return [{ id, result: typeof result === "string" ? result : undefined }];
    });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#queue.remove(id)));
  }

  /** Which of these jobs Redis does not know (any more). */
  async missing(ids: readonly string[], redis: Redis): Promise<readonly string[]> {
    const known = await Promise.all(ids.map((id) => redis.exists(this.#queue.toKey(id))));
    return ids.filter((_, index) => known[index] === 0);
  }

  async counts(): Promise<JobCounts> {
    const counts = await this.#queue.getJobCounts(...WAITING, "active", "completed", "failed");
    const of = (name: string): number => counts[name] ?? 0;
    return {
      waiting: WAITING.reduce((sum, name) => sum + of(name), 0),
      active: of("active"),
      ended: of("completed") + of("failed"),
    };
  }

  /** No job begins from now on; those that wait are forgotten. */
  async halt(): Promise<void> {
    await this.#queue.pause();
    await this.#queue.drain();
  }

  async resume(): Promise<void> {
    await this.#queue.resume();
  }

  /** Removes everything of the queue. */
  async destroy(): Promise<void> {
    await this.#queue.obliterate({ force: true });
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

/** Given back: the job waits again, for another worker. */
export const GIVEN_BACK: unique symbol = Symbol("given back");

/** What a {@link RunWorker} takes. */
export interface RunWorkerOptions {
  readonly run: string;
  readonly name: string;
  readonly concurrency: number;
  /** How long after its death a worker's jobs are taken over by others, at the most twice. */
  readonly lockMs: number;
  readonly work: (id: string) => Promise<string | typeof GIVEN_BACK>;
}

/** How often a job is taken over from workers that died before it counts as what kills them. */
const MOST_DEATHS = 20;

/** Works on the jobs of one run. */
export class RunWorker {
  readonly #worker: Worker;

  constructor(redis: Redis, { run, name, concurrency, lockMs, work }: RunWorkerOptions) {
    const process = async (job: Job, token?: string): Promise<string> => {
      const result = await work(job.id ?? "");
      if (result !== GIVEN_BACK) return result;
      await job.moveToWait(token);
      throw new WaitingError();
    };
    this.#worker = new Worker(queueName(run), process, {
      connection: redis,
      prefix: PREFIX,
      name,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs / 2,
      maxStalledCount: MOST_DEATHS,
      skipVersionCheck: true,
    });
    this.#worker.on("error", () => undefined);
  }

  /** Takes no more jobs, and waits for those that it has. */
  async close(): Promise<void> {
    await this.#worker.close();
  }

  /** Lets go at once: the jobs are taken over by others. */
  async abandon(): Promise<void> {
    await this.#worker.close(true);
  }
}
