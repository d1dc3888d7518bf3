import type { Redis } from "ioredis";
import { isObject, parsedJson } from "../formats/json.js";
import type { Stop } from "../run/stop.js";
import { execute } from "./engine.js";
import { RUNS, runKey, WORKERS, workerKey } from "./names.js";

/** What is known of a run or a worker that says nothing any more is forgotten after this. */
export const RUN_KEPT_MS: number = 7 * 24 * 3600 * 1000;
const WORKER_KEPT_MS = 15_000;

/** Facts about a run or a worker, as texts. */
export type Facts = Readonly<Record<string, string | number>>;

/** Says what a run is about, for workers to find and for people to see. */
export async function tellRun(redis: Redis, run: string, facts: Facts, nowMs: number): Promise<void> {
  const beat = redis.multi().zadd(RUNS, "NX", String(nowMs), run).pexpire(RUNS, RUN_KEPT_MS);
  await execute(beat.hset(runKey(run), facts).pexpire(runKey(run), RUN_KEPT_MS));
}

export async function forgetRun(redis: Redis, run: string): Promise<void> {
  await execute(redis.multi().zrem(RUNS, run).del(runKey(run)));
}

/** A run, and which of its starts it is. */
export interface KnownRun {
  readonly run: string;
  readonly start: string;
}

/** The runs that there are, the oldest first. */
export async function knownRuns(redis: Redis): Promise<readonly KnownRun[]> {
  const runs = await redis.zrange(RUNS, "0", "-1");
  const starts = await Promise.all(runs.map((run) => redis.hget(runKey(run), "start")));
  const gone = runs.filter((_, index) => starts[index] === null);
  if (gone.length > 0) await redis.zrem(RUNS, ...gone);
  return runs.flatMap((run, index) => (typeof starts[index] === "string" ? [{ run, start: starts[index] }] : []));
}

/** How long a run will be remembered if its coordinator says nothing any more, in milliseconds. */
export function runEndsInMs(redis: Redis, run: string): Promise<number> {
  return redis.pttl(runKey(run));
}

export async function tellWorker(redis: Redis, worker: string, facts: Facts, nowMs: number): Promise<void> {
  const beat = redis.multi().zadd(WORKERS, String(nowMs), worker).pexpire(WORKERS, WORKER_KEPT_MS);
  await execute(beat.hset(workerKey(worker), facts).pexpire(workerKey(worker), WORKER_KEPT_MS));
}

export async function forgetWorker(redis: Redis, worker: string): Promise<void> {
  await execute(redis.multi().zrem(WORKERS, worker).del(workerKey(worker)));
}

/** What was told, and how long ago: by Redis' clock, whatever those of the machines say. */
export interface Told {
  readonly id: string;
  readonly facts: Facts;
  readonly silentMs: number;
}

/** The workers that were heard lately. */
export async function knownWorkers(redis: Redis): Promise<readonly Told[]> {
  const workers = await redis.zrange(WORKERS, "0", "-1");
  const all = await Promise.all(workers.map((id) => told(redis, id, workerKey(id), WORKER_KEPT_MS)));
  const gone = all.filter(({ facts }) => Object.keys(facts).length === 0).map(({ id }) => id);
  if (gone.length > 0) await redis.zrem(WORKERS, ...gone);
  return all.filter(({ id }) => !gone.includes(id));
}

/** What a run's coordinator told last. */
export function runTold(redis: Redis, run: string): Promise<Told> {
  return told(redis, run, runKey(run), RUN_KEPT_MS);
}

async function told(redis: Redis, id: string, key: string, keptMs: number): Promise<Told> {
  const [facts, leftMs] = await Promise.all([redis.hgetall(key), redis.pttl(key)]);
  return { id, facts, silentMs: Math.max(0, keptMs - leftMs) };
}

/** Why a worker sends nothing any more, where it told so. */
export function stopIn(facts: Facts): Stop | undefined {
  const stop = parsedJson(String(facts["stop"] ?? ""));
  const isStop = isObject(stop) && typeof stop["reason"] === "string" && typeof stop["message"] === "string";
  return isStop ? (stop as unknown as Stop) : undefined;
}

/** Whether a worker takes no part in this start of a run. */
export function sitsOut(facts: Facts, start: string): boolean {
  return String(facts["satOut"] ?? "")
    .split(" ")
    .includes(start);
}

/** A fact that is a number; 0 where it was not told. */
export function numberOf(facts: Facts, name: string): number {
  return Number(facts[name] ?? 0) || 0;
}
