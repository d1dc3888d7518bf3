import { connect, RunQueue } from "./engine.js";
import { type Facts, knownRuns, knownWorkers, runFacts } from "./registry.js";

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
  /** How long its coordinator has been silent; above some seconds it is gone. Wall time, so it is as true as the clocks are. */
  readonly silentMs: number;
}

/** A worker as Redis knows it. */
export interface WorkerStatus {
  readonly worker: string;
  readonly done: number;
  readonly held: number;
  readonly attempts: number;
  readonly rateLimited: number;
  readonly silentMs: number;
}

/** All that goes on. */
export interface DistributedStatus {
  readonly runs: readonly RunStatus[];
  readonly workers: readonly WorkerStatus[];
}

/** Looks at what is in Redis, and changes nothing. @param nowMs Milliseconds since 1970. */
export async function distributedStatus(url: string, nowMs: number): Promise<DistributedStatus> {
  const redis = connect(url);
  try {
    const runs = await Promise.all(
      (await knownRuns(redis)).map(async (run) => {
        const facts = await runFacts(redis, run);
        const queue = new RunQueue(redis, run);
        const counts = await queue.counts();
        const told = numbersIn(facts, ["total", "done", "failed", "beatMs"]);
        const { total = 0, done = 0, failed = 0, beatMs = 0 } = told;
        return { run, input: String(facts["input"] ?? ""), total, done, failed, ...counts, silentMs: nowMs - beatMs };
      }),
    );
    const workers = (await knownWorkers(redis)).map(({ id, facts }) => {
      const { done = 0, held = 0, attempts = 0, rateLimited = 0, beatMs = 0 } = numbersIn(facts, Object.keys(facts));
      return { worker: id, done, held, attempts, rateLimited, silentMs: nowMs - beatMs };
    });
    return { runs, workers };
  } finally {
    redis.disconnect();
  }
}

function numbersIn(facts: Facts, names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, Number(facts[name] ?? 0)]));
}
