import { BideError, type Clock, systemRandom } from "bide";
import { type Job, Queue, WaitingError, Worker } from "bullmq";
import { type ChainableCommander, Redis } from "ioredis";
import { PREFIX, queueName } from "./names.js";
import { type Claim, Tenures } from "./tenure.js";

/** There is no Redis where one was named. */
export class RedisGoneError extends BideError {
  override readonly code = "BIDE_REDIS_GONE";
  override get name(): "RedisGoneError" {
    return "RedisGoneError";
  }
}

/**
 * A connection that waits for Redis as long as it takes; what waits too long is the caller's to decide. It is tried again
 * after waits that double and are spread, so that those who lost Redis together do not come back together.
 */
export function connect(url: string): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => Math.min(MOST_RECONNECT_MS, 50 * 2 ** tries) * (0.5 + systemRandom()),
  });
  // Without a listener an outage would end the process; what was asked meanwhile is answered when it is over.
  redis.on("error", () => undefined);
  return redis;
}

const MOST_RECONNECT_MS = 2000;
const ANSWERS_WITHIN_MS = 5000;

/** @throws RedisGoneError unless Redis answers within five seconds: a program that waits for ever says nothing. */
export async function reach(redis: Redis, clock: Clock): Promise<void> {
  const waiting = new AbortController();
  const late = clock.sleep(ANSWERS_WITHIN_MS, waiting.signal).then(() => {
    throw new RedisGoneError(`Redis gave no answer within ${ANSWERS_WITHIN_MS} ms`);
  });
  try {
    await Promise.race([redis.ping(), late]);
  } catch (error) {
    if (error instanceof RedisGoneError) throw error;
    // A wrong password, for instance. The message of a reply quotes no argument.
    throw new RedisGoneError(`Redis refuses: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    late.catch(() => undefined);
    waiting.abort();
  }
}

/** Sends commands together. @throws the first error among their answers. */
export async function execute(commands: ChainableCommander): Promise<void> {
  for (const [error] of (await commands.exec()) ?? []) if (error !== null) throw error;
}

/** Jobs that ended and were not removed yet, by id. */
export interface EndedJobs {
  readonly completed: readonly string[];
  /** Those whose workers died, again and again. */
  readonly failed: readonly string[];
}

/** How many jobs of a run there are. */
export interface JobCounts {
  readonly waiting: number;
  readonly active: number;
  readonly ended: number;
}

/** Keys to which the engine sets an end of its own. */
const SHORT_LIVED = ["stalled-check", "limiter"];
const WAITING = ["waiting", "prioritized", "delayed"] as const;

/** The queue of one run, as its coordinator sees it. All that is known of the queue engine stands in this file. */
export class RunQueue {
  readonly #queue: Queue;
  readonly #redis: Redis;

  constructor(redis: Redis, run: string) {
    this.#redis = redis;
    this.#queue = new Queue(queueName(run), { connection: redis, prefix: PREFIX, skipVersionCheck: true });
    this.#queue.on("error", () => undefined);
  }

  /** Adds jobs; one that is there already, done or not, stays as it is. */
  async add(ids: readonly string[]): Promise<void> {
    await this.#queue.addBulk(ids.map((jobId) => ({ name: "request", data: {}, opts: { jobId } })));
  }

  /** The jobs that ended first, of each kind at most so many. */
  async ended(most: number): Promise<EndedJobs> {
    const [completed, failed] = await Promise.all([
      this.#queue.getRanges(["completed"], 0, most - 1, true),
      this.#queue.getRanges(["failed"], 0, most - 1, true),
    ]);
    return { completed, failed };
  }

  /** The jobs that are to be done, or are being done. */
  async open(): Promise<readonly string[]> {
    return this.#queue.getRanges([...WAITING, "active"], 0, -1);
  }

  async remove(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#queue.remove(id)));
  }

  /** Keeps these jobs for so long from now on. @returns Those that Redis does not know (any more). */
  async keepJobs(ids: readonly string[], forMs: number): Promise<readonly string[]> {
    const known = await Promise.all(ids.map((id) => this.#redis.pexpire(this.#queue.toKey(id), forMs)));
    return ids.filter((_, index) => known[index] === 0);
  }

  /** Keeps what the engine knows of the queue for so long from now on; by itself it sets no end to it. */
  async keep(forMs: number): Promise<void> {
    await keep(this.#redis, this.#queue.keys, forMs);
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

  /** Whether no job stands in any of its lists. */
  async isEmpty(): Promise<boolean> {
    const { waiting, active, ended } = await this.counts();
    return waiting + active + ended === 0;
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

async function keep(redis: Redis, keys: Queue["keys"], forMs: number): Promise<void> {
  const kept = Object.entries(keys).filter(([name]) => !SHORT_LIVED.includes(name));
  await Promise.all(kept.map(([, key]) => redis.pexpire(key, forMs)));
}

/** Given back: the job waits again, for another worker. */
export const GIVEN_BACK: unique symbol = Symbol("given back");

/** A job that a worker took. */
export interface TakenJob {
  readonly id: string;
  /** Where Redis keeps it: nothing is there any more when nobody waits for the job. */
  readonly key: string;
  /** Which of its starts this is, from 1. */
  readonly start: number;
  /** Shows whose it is. */
  readonly token: string;
}

/** What a {@link RunWorker} takes. */
export interface RunWorkerOptions {
  readonly run: string;
  readonly name: string;
  readonly concurrency: number;
  /** How long after its death a worker's jobs are taken over by others, at the most twice. */
  readonly lockMs: number;
  readonly clock: Clock;
  readonly work: (job: TakenJob, tenures: Tenures) => Promise<typeof GIVEN_BACK | undefined>;
}

/** After an error of Redis the engine waits for so long on average, spread by half in both directions. */
const RETRIES_AFTER_MS = 1000;
/** How often a job is taken over from workers that died before it counts as what kills them. */
const MOST_DEATHS = 20;
/** So often in the life of a lock it is looked whether it is still there. */
const LOOKS_PER_LOCK = 4;

/** Works on the jobs of one run. */
export class RunWorker {
  readonly #worker: Worker;
  readonly #redis: Redis;

  constructor(redis: Redis, { run, name, concurrency, lockMs, clock, work }: RunWorkerOptions) {
    this.#redis = redis;
    const leftMs = (claims: readonly Claim[]): Promise<readonly number[]> => this.#locksLeftMs(claims);
    const tenures = new Tenures({ clock, everyMs: lockMs / LOOKS_PER_LOCK, leftMs });
    const process = async (job: Job, token = ""): Promise<void> => {
      const { id = "", attemptsStarted: start } = job;
      if ((await work({ id, start, token, key: this.#worker.toKey(id) }, tenures)) !== GIVEN_BACK) return;
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
      runRetryDelay: RETRIES_AFTER_MS * (0.5 + systemRandom()),
      skipVersionCheck: true,
    });
    this.#worker.on("error", () => undefined);
  }

  /** As {@link RunQueue.keep}: what workers do while there is no coordinator must not stay for ever. */
  async keep(forMs: number): Promise<void> {
    await keep(this.#redis, this.#worker.keys, forMs);
  }

  /** Takes no more jobs, and waits for those that it has. */
  async close(): Promise<void> {
    await this.#worker.close();
  }

  async #locksLeftMs(claims: readonly Claim[]): Promise<readonly number[]> {
    const locks = claims.map(({ id }) => `${this.#worker.toKey(id)}:lock`);
    // How long first, and then whose: in the other order it could be how long another's lasts.
    const [lefts, owners] = await Promise.all([
      Promise.all(locks.map((lock) => this.#redis.pttl(lock))),
      this.#redis.mget(locks),
    ]);
    return claims.map(({ token }, index) => (owners[index] === token ? Math.max(0, lefts[index] ?? 0) : 0));
  }

  /** Lets go at once: the jobs are taken over by others. With Redis gone there is no end to wait for. */
  abandon(): void {
    void this.#worker.close(true);
  }
}
