import type { Redis } from "ioredis";
import { RUNS, runKey, WORKERS, workerKey } from "./names.js";

/** What is known of a run or a worker that says nothing any more is forgotten after this. */
const RUN_KEPT_MS = 7 * 24 * 3600 * 1000;
const WORKER_KEPT_MS = 15_000;

/** Facts about a run or a worker, as texts. */
export type Facts = Readonly<Record<string, string | number>>;

/** Says what a run is about, for workers to find and for people to see. */
export async function tellRun(redis: Redis, run: string, facts: Facts, nowMs: number): Promise<void> {
  const beat = redis.multi().zadd(RUNS, "NX", String(nowMs), run);
  await beat
    .hset(runKey(run), { ...facts, beatMs: nowMs })
    .pexpire(runKey(run), RUN_KEPT_MS)
    .pexpire(RUNS, RUN_KEPT_MS)
    .exec();
}

export async function forgetRun(redis: Redis, run: string): Promise<void> {
  await redis.multi().zrem(RUNS, run).del(runKey(run)).exec();
}

/** The runs that there are, the oldest first. */
export async function knownRuns(redis: Redis): Promise<readonly string[]> {
  const runs = await redis.zrange(RUNS, "0", "-1");
  const known = await Promise.all(runs.map((run) => redis.exists(runKey(run))));
  const gone = runs.filter((_, index) => known[index] === 0);
  if (gone.length > 0) await redis.zrem(RUNS, ...gone);
  return runs.filter((_, index) => known[index] === 1);
}

export async function tellWorker(redis: Redis, worker: string, facts: Facts, nowMs: number): Promise<void> {
  const beat = redis.multi().zadd(WORKERS, String(nowMs), worker).pexpire(WORKERS, WORKER_KEPT_MS);
  await beat
    .hset(workerKey(worker), { ...facts, beatMs: nowMs })
    .pexpire(workerKey(worker), WORKER_KEPT_MS)
    .exec();
}

export async function forgetWorker(redis: Redis, worker: string): Promise<void> {
  await redis.multi().zrem(WORKERS, worker).del(workerKey(worker)).exec();
}

/** The workers that were heard lately, with their facts. */
export async function knownWorkers(redis: Redis): Promise<readonly { readonly id: string; readonly facts: Facts }[]> {
  const workers = await redis.zrange(WORKERS, "0", "-1");
  const all = await Promise.all(workers.map(async (id) => ({ id, facts: await redis.hgetall(workerKey(id)) })));
  const gone = all.filter(({ facts }) => Object.keys(facts).length === 0).map(({ id }) => id);
  if (gone.length > 0) await redis.zrem(WORKERS, ...gone);
  return all.filter(({ id }) => !gone.includes(id));
}

export async function runFacts(redis: Redis, run: string): Promise<Facts> {
  return redis.hgetall(runKey(run));
}
