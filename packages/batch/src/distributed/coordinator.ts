import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { PRICE_LIST } from "@bide/llm";
import type { Clock } from "bide";
import type { Redis } from "ioredis";
import { writeResults } from "../export.js";
import type { BatchFiles } from "../files.js";
import { type ItemOutcome, isSuccess } from "../formats/batch-response.js";
import type { Journal } from "../journal/journal.js";
import type { OpenRequest } from "../run/item-feed.js";
import type { BatchSummary } from "../run/options.js";
import { type Figures, noFigures } from "../run/progress.js";
import { type Stop, stopOf } from "../run/stop.js";
import { summaryOf } from "../run/summary.js";
import type { Delivery, Mailbox } from "./mailbox.js";
import type { DistributedOptions } from "./options.js";
import { forgetRun, knownWorkers, tellRun } from "./registry.js";
import { PROOF, type Seal } from "./seal.js";
import type { WorkResult } from "./work.js";

/** How often Redis is asked what has ended, while nothing has. */
const LOOKS_AFTER_MS = 25;
/** How many are collected at a time. */
const MOST_AT_ONCE = 200;
/** How often the run says that it is alive, and looks for jobs that Redis has lost. */
const BEATS_AFTER_MS = 2000;

const LOST: ItemOutcome = {
  kind: "failure",
  code: "worker_lost",
  message: "the workers that took the request died, one after another",
};

/** What a {@link Coordinator} works with. */
export interface CoordinatorParts {
  readonly journal: Journal;
  readonly files: BatchFiles;
  readonly redis: Redis;
  readonly mailbox: Mailbox;
  readonly run: string;
  readonly seal: Seal;
  readonly requests: AsyncGenerator<OpenRequest, void, void>;
  readonly clock: Clock;
  readonly window: number;
  readonly options: DistributedOptions;
}

/** The name of the journal's run in Redis: made once, so that a coordinator that starts again finds its jobs. */
export function runOf(journal: Journal): string {
  const known = journal.meta("distributed-run");
  if (known !== undefined) return known;
  const run = randomBytes(8).toString("hex");
  journal.setMeta("distributed-run", run);
  return run;
}

/** Keeps Redis supplied with the open items of a journal, and writes down what workers make of them. */
export class Coordinator {
  readonly #parts: CoordinatorParts;
  readonly #figures: Figures;
  #stop: Stop | undefined;
  #isCut = false;
  #isFed = false;
  #beatMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    this.#figures = noFigures(parts.clock);
  }

  get figures(): Figures {
    return this.#figures;
  }

  /** The first reason is the one that is told. @param isCut What is under way is not waited for. */
  end(stop: Stop, isCut: boolean): void {
    this.#stop ??= stop;
    this.#isCut ||= isCut;
  }

  async drive(): Promise<BatchSummary> {
    const { journal, mailbox } = this.#parts;
    const { total, succeeded, failed } = journal.counts();
    Object.assign(this.#figures, { total, before: succeeded + failed });
    try {
      await mailbox.queue.resume();
      await this.#work();
      if (this.#stop && !this.#isCut) await this.#drain();
      if (!this.#isCut) await this.#leave();
    } catch (error) {
      // Who cuts the run cuts its connection: what waited for Redis then fails, and the journal has all that counts.
      if (!this.#isCut) throw error;
    }
    return this.#finish();
  }

  async #work(): Promise<void> {
    const { mailbox, clock } = this.#parts;
    while (!this.#stop && !(this.#isFed && mailbox.size === 0)) {
      await this.#feed();
      await this.#beat();
      const collected = await this.#collect();
      if (collected === 0 && mailbox.size > 0) await clock.sleep(LOOKS_AFTER_MS);
    }
  }

  /** Back-pressure: no more lies in Redis than the window, however long the file. */
  async #feed(): Promise<void> {
    const { mailbox, requests, window } = this.#parts;
    const batch: OpenRequest[] = [];
    const room = Math.min(MOST_AT_ONCE, window - mailbox.size);
    while (!this.#isFed && batch.length < room) {
      const next = await requests.next();
      if (next.done) this.#isFed = true;
      else batch.push(next.value);
    }
    if (batch.length > 0) await mailbox.post(batch);
    this.#figures.inFlight = mailbox.size;
  }

  async #collect(): Promise<number> {
    const { mailbox, window } = this.#parts;
    const deliveries = await mailbox.collect(Math.max(window, MOST_AT_ONCE));
    const gone = deliveries.filter(({ result }) => result && result.outcome === undefined);
    const ended = deliveries.filter((delivery) => !gone.includes(delivery));
    await Promise.all(ended.map((delivery) => this.#record(delivery)));
    await mailbox.done(ended.map(({ open }) => open));
    if (!this.#stop) await mailbox.again(gone.map(({ open }) => open));
    this.#figures.inFlight = mailbox.size;
    return deliveries.length;
  }

  async #record({ open: { item }, result }: Delivery): Promise<void> {
    const { journal } = this.#parts;
    const { outcome = LOST, attempts = [] } = result ?? {};
    const stop = stopOf(outcome);
    if (stop !== undefined) this.end(stop, false);
    await journal.record(stop === undefined ? { item, attempts, outcome } : { item, attempts });
    this.#count(result, stop === undefined ? outcome : undefined);
    if (stop === undefined) this.#tell(item.customId, outcome, result);
  }

  #count(result: WorkResult | undefined, outcome: ItemOutcome | undefined): void {
    const { attempts = [], inputTokens = 0, outputTokens = 0 } = result ?? {};
    this.#figures.attempts += attempts.length;
    this.#figures.rateLimited += attempts.filter(({ status }) => status === 429).length;
    if (outcome === undefined) return;
    if (isSuccess(outcome)) this.#figures.succeeded++;
    else this.#figures.failed++;
    this.#figures.inputTokens += inputTokens;
    this.#figures.outputTokens += outputTokens;
  }

  #tell(customId: string, outcome: ItemOutcome, result: WorkResult | undefined): void {
    const { attempts = [], inputTokens = 0, outputTokens = 0 } = result ?? {};
    const found = outcome.kind === "answer" ? { status: outcome.status } : { code: outcome.code };
    const item = { customId, ok: isSuccess(outcome), ...found, attempts: attempts.length, inputTokens, outputTokens };
    try {
      this.#parts.options.onEvent?.({ type: "item-done", ...item });
    } catch {
      // Whoever looks on changes no outcome.
    }
  }

  async #beat(): Promise<void> {
    const { redis, run, seal, clock, mailbox, options } = this.#parts;
    if (clock.nowMs() - this.#beatMs < BEATS_AFTER_MS) return;
    this.#beatMs = clock.nowMs();
    const { total, before, succeeded, failed } = this.#figures;
    const done = before + succeeded + failed;
    const facts = { input: basename(options.input), total, done, failed, proof: seal.close(PROOF) };
    await tellRun(redis, run, facts, clock.wallNowMs());
    await mailbox.restore();
  }

  /** What waits leaves Redis, what is under way is waited for. */
  async #drain(): Promise<void> {
    const { mailbox, clock } = this.#parts;
    await mailbox.halt();
    while (!this.#isCut && (await this.#isUnderWay())) {
      if ((await this.#collect()) === 0) await clock.sleep(LOOKS_AFTER_MS);
    }
    await this.#collect();
  }

  /** Whether a worker is at work, and not one that died with its jobs. */
  async #isUnderWay(): Promise<boolean> {
    const { mailbox, redis } = this.#parts;
    const { active } = await mailbox.queue.counts();
    return active > 0 && (await knownWorkers(redis)).length > 0;
  }

  /** Nothing of the run stays in Redis. */
  async #leave(): Promise<void> {
    const { mailbox, redis, run } = this.#parts;
    await mailbox.destroy();
    await forgetRun(redis, run);
  }

  async #finish(): Promise<BatchSummary> {
    const { journal, files } = this.#parts;
    const counts = journal.counts();
    if (counts.open === 0) await writeResults(files, (wanted) => journal.outputLines(wanted));
    return summaryOf({ counts, figures: this.#figures, files, stop: this.#stop, currency: PRICE_LIST.currency });
  }
}
