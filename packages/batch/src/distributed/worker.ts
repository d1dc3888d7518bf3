import { hostname } from "node:os";
import { type Clock, systemClock } from "bide";
import { checkInteger, checkKeys, toMs } from "bide/kit";
import type { Redis } from "ioredis";
import { settingsOf } from "../run/endpoint.js";
import type { Stop } from "../run/stop.js";
import { Desk, type WorkerFigures } from "./desk.js";
import { connect, RunWorker, type RunWorkerOptions } from "./engine.js";
import { lanesText } from "./lanes.js";
import { WORKER_DEFAULTS, type WorkerOptions } from "./options.js";
import { Pace } from "./pace.js";
import { Patience } from "./patience.js";
import { type Facts, forgetWorker, type KnownRun, knownRuns, runEndsInMs, runTold, tellWorker } from "./registry.js";
import { Seal } from "./seal.js";
import { Ways } from "./ways.js";

/** A worker that takes part in every run that it finds in Redis. */
export interface DistributedWorker {
  readonly figures: WorkerFigures;
  /** Takes nothing new, gives back what only waits, and ends when what is under way has ended, or after `drainsFor`. */
  drain(): Promise<void>;
  /** Lets go at once; others take over what it had. */
  abandon(): Promise<void>;
}

/** How often a worker without a run looks for one. */
const LOOKS_AFTER_MS = 250;
/** How often it says that it is there, and looks whether runs came and went: each so many looks. */
const LOOKS_PER_BEAT = 4;
/** Every so many of them it sees to it that what it does for a run ends with that run. */
const KEEPS_EVERY_BEATS = 60;
/** How long a worker that ends waits for Redis to hear of it. */
const GOODBYE_MS = 1000;

const OPTIONS: { readonly [option in keyof Required<WorkerOptions>]: true } = {
  ...{ baseUrl: true, apiKey: true, headers: true, quota: true, dialect: true, fetch: true, maxAttempts: true },
  ...{ deadline: true, attemptTimeout: true, validate: true, redis: true, concurrency: true, schemaCheck: true },
  ...{ secret: true, lock: true, drainsFor: true, onStop: true, onProblem: true, name: true, clock: true },
};

/**
 * Starts a worker: it finds the runs in Redis, works on their requests with its own endpoint and key, and hands the results
 * to the coordinators.
 *
 * @throws OptionError for an option that is unknown or out of range.
 */
export function startWorker(options: WorkerOptions): DistributedWorker {
  checkKeys(options, Object.keys(OPTIONS), "startWorker");
  const { concurrency = WORKER_DEFAULTS.concurrency } = options;
  checkInteger(concurrency, "concurrency", 1, false);
  const lockMs = toMs(options.lock ?? WORKER_DEFAULTS.lock, "lock");
  const drainsForMs = toMs(options.drainsFor ?? WORKER_DEFAULTS.drainsFor, "drainsFor");
  return new Working(options, { concurrency, lockMs, drainsForMs });
}

interface Settings {
  readonly concurrency: number;
  readonly lockMs: number;
  readonly drainsForMs: number;
}

class Working implements DistributedWorker {
  readonly #options: WorkerOptions;
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #redis: Redis;
  readonly #name: string;
  readonly #desk: Desk;
  readonly #patience: Patience;
  readonly #ways: Ways;
  readonly #runs = new Map<string, RunWorker>();
  /** Starts of runs that it takes no part in. */
  readonly #satOut = new Set<string>();
  readonly #ending = new AbortController();
  readonly #isOver: Promise<void>;
  readonly #pace = new Pace();
  #known: readonly KnownRun[] = [];
  #beats = 0;

  constructor(options: WorkerOptions, settings: Settings) {
    this.#options = options;
    this.#settings = settings;
    this.#clock = options.clock ?? systemClock;
    this.#patience = new Patience(this.#clock, () => this.#ending.signal.aborted, options.onProblem);
    this.#name = options.name ?? `${hostname()}-${process.pid}`;
    this.#redis = connect(options.redis);
    this.#ways = new Ways(options);
    this.#desk = new Desk({
      ...{ redis: this.#redis, ways: this.#ways, clock: this.#clock, worker: this.#name },
      onUnknown: (run) => this.#learn(run),
      onStop: (stop) => this.#sitOut(stop),
    });
    this.#isOver = this.#live();
  }

  get figures(): WorkerFigures {
    return this.#desk.figures;
  }

  async drain(): Promise<void> {
    this.#ending.abort();
    this.#desk.close("waiting");
    const { drainsForMs } = this.#settings;
    const isDone = await this.#within(drainsForMs, () =>
      Promise.all([...this.#runs.values()].map((run) => run.close())),
    );
    if (isDone) await this.#end();
    else await this.abandon();
  }

  async abandon(): Promise<void> {
    this.#ending.abort();
    this.#desk.close("all");
    for (const run of this.#runs.values()) run.abandon();
    await this.#end();
  }

  async #end(): Promise<void> {
    // With Redis gone nobody can be told, and it forgets a silent worker soon.
    await this.#within(GOODBYE_MS, async () => {
      await this.#isOver;
      await Promise.all([this.#keep(), forgetWorker(this.#redis, this.#name)]);
    });
    this.#redis.disconnect();
  }

  /** Waits for `action`, but not longer than that. @returns Whether it has ended. */
  async #within(ms: number, action: () => Promise<unknown>): Promise<boolean> {
    const late = new AbortController();
    const isLate = this.#clock.sleep(ms, late.signal).then(
      () => false,
      () => true,
    );
    const ended = action().then(
      () => true,
      () => true,
    );
    const isInTime = await Promise.race([ended, isLate]);
    late.abort();
    return isInTime;
  }

  /** Looks for runs that came and went, and tells how it goes, until it ends. */
  async #live(): Promise<void> {
    const { signal } = this.#ending;
    for (let look = 0; !signal.aborted; look++) {
      const step = look % LOOKS_PER_BEAT === 0 ? () => this.#beat() : () => this.#look();
      await this.#patience.with(step).catch((error: unknown) => this.#tell(error));
      await this.#clock.sleep(LOOKS_AFTER_MS, signal).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    if (this.#runs.size === 0) await this.#follow(await knownRuns(this.#redis));
  }

  async #beat(): Promise<void> {
    const { concurrency } = this.#settings;
    const lanes = lanesText(this.#desk.lanes());
    const endpoint = JSON.stringify(settingsOf(this.#options));
    const stop = this.#desk.stop ? JSON.stringify(this.#desk.stop) : "";
    const perMinute = Math.round(this.#pace.perMinute(this.figures.attempts, this.#clock.nowMs()));
    const facts = {
      ...this.figures,
      perMinute,
      concurrency,
      lanes,
      endpoint,
      stop,
      satOut: [...this.#satOut].join(" "),
    };
    await tellWorker(this.#redis, this.#name, facts, this.#clock.wallNowMs());
    await this.#follow(await knownRuns(this.#redis));
    if (this.#beats++ % KEEPS_EVERY_BEATS === 0) await this.#keep();
  }

  async #keep(): Promise<void> {
    for (const [run, worker] of this.#runs) await worker.keep(Math.max(1, await runEndsInMs(this.#redis, run)));
  }

  #tell(error: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.#options.onProblem?.(error instanceof Error ? error.message : String(error));
  }

  async #follow(runs: readonly KnownRun[]): Promise<void> {
    for (const run of this.#runs.keys()) if (!runs.some((known) => known.run === run)) this.#leave(run);
    for (const known of runs) {
      const { run, start } = known;
      if (this.#runs.has(run) || this.#satOut.has(start) || this.#ending.signal.aborted) continue;
      await this.#join(known);
    }
    // Runs that are over need not be remembered.
    for (const start of this.#satOut) if (!runs.some((known) => known.start === start)) this.#satOut.delete(start);
    this.#known = runs;
  }

  async #join({ run, start }: KnownRun): Promise<void> {
    const seal = new Seal(this.#options.secret, run);
    const { facts } = await runTold(this.#redis, run);
    try {
      this.#check(seal, facts);
    } catch (error) {
      // It would fail every job that it takes.
      this.#refuse(run, start, error);
      return;
    }
    if (this.#desk.stop) this.#desk.resume();
    const { concurrency, lockMs } = this.#settings;
    const work: RunWorkerOptions["work"] = (job, tenures) => this.#desk.work(run, job, tenures, seal);
    const settings = { run, name: this.#name, concurrency, lockMs, clock: this.#clock, work };
    this.#runs.set(run, new RunWorker(this.#redis, settings));
  }

  #refuse(run: string, start: string, error: unknown): void {
    this.#satOut.add(start);
    this.#leave(run);
    this.#options.onProblem?.(`run ${run}: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** A run that was started again may want something else of its answers than before. */
  async #learn(run: string): Promise<void> {
    const { facts } = await runTold(this.#redis, run);
    try {
      this.#check(new Seal(this.#options.secret, run), facts);
    } catch (error) {
      this.#refuse(run, String(facts["start"] ?? ""), error);
    }
  }

  /** @throws where this worker cannot do what the run wants. */
  #check(seal: Seal, { proof = "", schema = "" }: Facts): void {
    seal.open(String(proof));
    if (schema !== "") this.#ways.learn(seal.open(String(schema)));
  }

  /** Takes no part any more in the runs that there are, until one of them is started again. */
  #sitOut(stop: Stop): void {
    for (const { start } of this.#known) this.#satOut.add(start);
    for (const run of this.#runs.keys()) this.#leave(run);
    this.#options.onStop?.(stop);
  }

  /** What it has under way there is not waited for. */
  #leave(run: string): void {
    const worker = this.#runs.get(run);
    this.#runs.delete(run);
    if (worker) this.#close(run, worker).catch((error: unknown) => this.#tell(error));
  }

  /** Who joined a run in the moment that it ended has made keys of it once more: nobody else sees to it that they go. */
  async #close(run: string, worker: RunWorker): Promise<void> {
    await worker.close();
    await worker.keep(Math.max(1, await runEndsInMs(this.#redis, run)));
  }
}
