import type { LaneState } from "@bide/llm";
import { systemClock } from "bide";
import type { Redis } from "ioredis";
import type { Stop } from "../run/stop.js";
import { connect, RunQueue, reach } from "./engine.js";
import { lanesOf } from "./lanes.js";
import { knownRuns, knownWorkers, numberOf, runTold, stopIn, type Told } from "./registry.js";

/** A run as Redis knows it. */
export interface RunStatus {
  readonly run: string;
  /** The name of its file. */
  readonly input: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Jobs in Redis: waiting for a worker, with one, and ended but not collected. */
  readonly waiting: number;
  readonly active: number;
  readonly ended: number;
  /** How long its coordinator has been silent; above some seconds it is gone. */
  readonly silentMs: number;
}

/** A worker as Redis knows it. */
export interface WorkerStatus {
  readonly worker: string;
  readonly done: number;
  readonly held: number;
  /** How many requests it can hold of each run. */
  readonly concurrency: number;
  readonly attempts: number;
  readonly rateLimited: number;
  /** HTTP requests that ended in the last minute. */
  readonly perMinute: number;
  /** Why it sends nothing any more. */
  readonly stop: Stop | undefined;
  /** How long it has been silent; workers speak every second, and are forgotten after 15 s. */
  readonly silentMs: number;
}

/** All that goes on. */
export interface DistributedStatus {
  readonly runs: readonly RunStatus[];
  readonly workers: readonly WorkerStatus[];
  /** Jobs that no worker holds any more which speaks: they are taken over when their lock ends. */
  readonly stalled: number;
  /** The quota: buckets as the worker knows them that spoke last, queues summed up over all. */
  readonly lanes: readonly LaneState[];
}

/** Looks at what is in Redis, and changes nothing. @throws RedisGoneError where there is none. */
export async function distributedStatus(url: string): Promise<DistributedStatus> {
  const redis = connect(url);
  try {
    await reach(redis, systemClock);
    const runs = await Promise.all((await knownRuns(redis)).map(({ run }) => runStatus(redis, run)));
    const told = await knownWorkers(redis);
    const workers = told.map(workerStatus);
    return { runs, workers, stalled: stalledIn(runs, workers), lanes: lanesOf(told) };
  } finally {
    redis.disconnect();
  }
}

/** A worker speaks every second; one that missed three has lost its voice, or its life. */
const SILENT_AFTER_MS = 3000;

function stalledIn(runs: readonly RunStatus[], workers: readonly WorkerStatus[]): number {
  const active = runs.reduce((sum, run) => sum + run.active, 0);
  const held = workers.reduce((sum, worker) => sum + (worker.silentMs < SILENT_AFTER_MS ? worker.held : 0), 0);
  return Math.max(0, active - held);
}

async function runStatus(redis: Redis, run: string): Promise<RunStatus> {
  const queue = new RunQueue(redis, run);
  const [{ facts, silentMs }, counts] = await Promise.all([runTold(redis, run), queue.counts()]);
  const number = (name: string): number => numberOf(facts, name);
  const told = { total: number("total"), done: number("done"), failed: number("failed") };
  return { run, input: String(facts["input"] ?? ""), ...told, ...counts, silentMs };
}

function workerStatus({ id, facts, silentMs }: Told): WorkerStatus {
  const number = (name: string): number => numberOf(facts, name);
  return {
    worker: id,
    ...{ done: number("done"), held: number("held"), concurrency: number("concurrency") },
    ...{ attempts: number("attempts"), rateLimited: number("rateLimited"), perMinute: number("perMinute") },
    ...{ stop: stopIn(facts), silentMs },
  };
}
