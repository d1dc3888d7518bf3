import { hostname } from "node:os";
import { type Clock, systemClock } from "bide";
import { checkInteger, toMs } from "bide/kit";
import type { Redis } from "ioredis";
import { isObject, parsedJson } from "../formats/json.js";
import { type Attempt, type AttemptWatcher, ItemRun, recordedFetch, recordedIn } from "../run/attempt-log.js";
import { headersOf } from "../run/endpoint.js";
import { type Sender, type Sent, send } from "../run/send.js";
import { connect, GIVEN_BACK, RunWorker } from "./engine.js";
import { promptKey } from "./names.js";
import { WORKER_DEFAULTS, type WorkerOptions } from "./options.js";
import { forgetWorker, knownRuns, runFacts, tellWorker } from "./registry.js";
import { Seal } from "./seal.js";
import { resultText, type WorkResult } from "./work.js";

/** What a worker has done. One object that changes while it works. */
export interface WorkerFigures {
  /** Requests that ended, whatever came of them. */
  readonly done: number;
  /** Those it holds: under way, or waiting for their turn. */
  readonly held: number;
  /** HTTP requests that ended. */
  readonly attempts: number;
  /** Those of them that were answered with 429. */
  readonly rateLimited: number;
}

/** A worker that takes part in every run that it finds in Redis. */
export interface DistributedWorker {
  readonly figures: WorkerFigures;
  /** Takes nothing new, gives back what only waits, and ends when what is under way has ended. */
  drain(): Promise<void>;
  /** Lets go at once; others take over what it had. */
  abandon(): Promise<void>;
}

/** How often a worker looks for runs and says that it is there. */
const BEATS_AFTER_MS = 1000;
const LET_GO = Symbol("let go");

/**
 * Starts a worker: it finds the runs in Redis, works on their requests with its own endpoint and key, and hands the results
 * to the coordinators.
 *
 * @throws OptionError for an option that is out of range.
 */
export function startWorker(options: WorkerOptions): DistributedWorker {
  const { concurrency = WORKER_DEFAULTS.concurrency } = options;
  checkInteger(concurrency, "concurrency", 1, false);
  const lockMs = toMs(options.lock ?? WORKER_DEFAULTS.lock, "lock");
  return new Working(options, concurrency, lockMs);
}

interface Held {
  readonly item: ItemRun;
  readonly controller: AbortController;
}

class Working implements DistributedWorker {
  readonly figures: { done: number; held: number; attempts: number; rateLimited: number } = {
    ...{ done: 0, held: 0, attempts: 0, rateLimited: 0 },
  };
  readonly #options: WorkerOptions;
  readonly #concurrency: number;
  readonly #lockMs: number;
  readonly #clock: Clock;
  readonly #redis: Redis;
  readonly #name: string;
  readonly #sender: Sender;
  readonly #runs = new Map<string, RunWorker>();
  readonly #refused = new Set<string>();
  readonly #held = new Set<Held>();
  readonly #watcher: AttemptWatcher;
  readonly #ending = new AbortController();
  readonly #isOver: Promise<void>;

  constructor(options: WorkerOptions, concurrency: number, lockMs: number) {
    this.#options = options;
    this.#concurrency = concurrency;
    this.#lockMs = lockMs;
    this.#clock = options.clock ?? systemClock;
    this.#name = options.name ?? `${hostname()}-${process.pid}`;
    this.#redis = connect(options.redis);
    const { through = (transport) => transport } = options;
    const fetch = through(recordedFetch(options.fetch ?? globalThis.fetch));
    this.#sender = { fetch, baseUrl: options.baseUrl, headers: headersOf(options) };
    this.#watcher = { began: () => undefined, ended: (attempt) => this.#count(attempt) };
    this.#isOver = this.#live();
  }

  async drain(): Promise<void> {
    this.#ending.abort(LET_GO);
    for (const { item, controller } of this.#held) if (item.isWaiting) controller.abort(LET_GO);
    await Promise.all([...this.#runs.values()].map((run) => run.close()));
    await this.#end();
  }

  async abandon(): Promise<void> {
    this.#ending.abort(LET_GO);
    for (const { controller } of this.#held) controller.abort(LET_GO);
    await Promise.all([...this.#runs.values()].map((run) => run.abandon()));
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#isOver;
    await forgetWorker(this.#redis, this.#name);
    this.#redis.disconnect();
  }

  /** Looks for runs that came and went, and tells how it goes, until it ends. */
  async #live(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#follow(await knownRuns(this.#redis));
      const { done, held, attempts, rateLimited } = this.figures;
      await tellWorker(this.#redis, this.#name, { done, held, attempts, rateLimited }, this.#clock.wallNowMs());
      await this.#clock.sleep(BEATS_AFTER_MS, signal).catch(() => undefined);
    }
  }

  async #follow(runs: readonly string[]): Promise<void> {
    for (const [run, worker] of this.#runs) {
      if (runs.includes(run)) continue;
      this.#runs.delete(run);
      await worker.close();
    }
    for (const run of runs) {
      if (this.#runs.has(run) || this.#refused.has(run) || this.#ending.signal.aborted) continue;
      await this.#join(run);
    }
  }

  async #join(run: string): Promise<void> {
    const seal = new Seal(this.#options.secret, run);
    const { proof = "" } = await runFacts(this.#redis, run);
    try {
      seal.open(String(proof));
    } catch (error) {
      // It would fail every job that it takes.
      this.#refused.add(run);
      this.#options.onProblem?.(`run ${run}: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    const worker = new RunWorker(this.#redis, {
      ...{ run, name: this.#name, concurrency: this.#concurrency, lockMs: this.#lockMs },
      work: (id) => this.#work(run, id, seal),
    });
    this.#runs.set(run, worker);
  }

  async #work(run: string, id: string, seal: Seal): Promise<string | typeof GIVEN_BACK> {
    const prompt = await this.#redis.get(promptKey(run, id));
    const nothing = { attempts: [], inputTokens: 0, outputTokens: 0, worker: this.#name };
    if (prompt === null) return seal.close(resultText({ outcome: undefined, ...nothing }));
    const held: Held = {
      item: new ItemRun(this.#clock, this.#watcher),
      controller: new AbortController(),
    };
    this.#held.add(held);
    this.figures.held++;
    try {
      const sent = await this.#sent(requestOf(seal.open(prompt), id), held);
      if (sent === undefined) return GIVEN_BACK;
      this.figures.done++;
      return seal.close(resultText(resultOf(sent, held.item, this.#name)));
    } finally {
      this.#held.delete(held);
      this.figures.held--;
    }
  }

  async #sent(request: Parameters<typeof send>[1], { item, controller }: Held): Promise<Sent | undefined> {
    if (this.#ending.signal.aborted) return undefined;
    try {
      return await recordedIn(item, () => send(this.#sender, request, controller.signal));
    } catch (error) {
      if (error === LET_GO) return undefined;
      throw error;
    }
  }

  #count({ status }: Attempt): void {
    this.figures.attempts++;
    if (status === 429) this.figures.rateLimited++;
  }
}

/** @throws TypeError for anything but what a coordinator writes. */
function requestOf(text: string, id: string): Parameters<typeof send>[1] {
  const value = parsedJson(text);
  if (isObject(value) && typeof value["url"] === "string" && isObject(value["body"])) {
    return { customId: id, url: value["url"], body: value["body"] };
  }
  throw new TypeError("a job holds no request");
}

/** The tokens of an item belong to the attempt that was answered, its last. */
function resultOf({ outcome, inputTokens, outputTokens }: Sent, { attempts }: ItemRun, worker: string): WorkResult {
  const used = { inputTokens, outputTokens };
  const none = { inputTokens: 0, outputTokens: 0 };
  const records = attempts.map((attempt, index) => ({ ...attempt, ...(index === attempts.length - 1 ? used : none) }));
  return { outcome, attempts: records, ...used, worker };
}
