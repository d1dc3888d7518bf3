import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { type Clock, systemClock } from "bide";
import type { Redis } from "ioredis";
import { writeResults } from "../export.js";
import type { BatchFiles } from "../files.js";
import type { Journal } from "../journal/journal.js";
import type { BatchSummary } from "../run/options.js";
import type { Stop } from "../run/stop.js";
import { summaryOf } from "../run/summary.js";
import type { Feed } from "./feed.js";
import { lanesOf } from "./lanes.js";
import type { Ledger } from "./ledger.js";
import type { Delivery, Mailbox } from "./mailbox.js";
import type { DistributedOptions } from "./options.js";
import { Patience } from "./patience.js";
import { forgetRun, knownWorkers, numberOf, runTold, sitsOut, stopIn, type Told, tellRun } from "./registry.js";
import { PROOF, type Seal } from "./seal.js";
import { Voucher } from "./server-identity.js";

/** How often Redis is asked what has ended, while nothing has. */
const LOOKS_AFTER_MS = 25;
/** How many are put into Redis and collected at a time. */
const MOST_AT_ONCE = 1000;
/** How often the run says that it is alive, and looks for jobs that Redis has lost. */
const BEATS_AFTER_MS = 2000;
/** A run that was asked to end waits so long for workers; what they have not answered by then is there at the next start. */
const DRAINS_FOR_MS = 6000;
/** The least that lies in Redis, where no other number was told, and how much more than the workers can hold. */
const LEAST_WINDOW = 1000;
const MOST_WINDOW = 100_000;
const WINDOW_PER_SLOT = 2;

/** After so many beats without a worker it is said that there is none: the first ones may be on their way. */
const LONELY_BEATS = 3;
const NOBODY = "no worker takes part; start one with `bide worker`, on any machine that reaches the same Redis";

/** What a {@link Coordinator} works with. */
export interface CoordinatorParts {
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly files: BatchFiles;
  readonly redis: Redis;
  readonly mailbox: Mailbox;
  readonly run: string;
  /** What the input is called. */
  readonly input: string;
  readonly seal: Seal;
  readonly feed: Feed;
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
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #voucher: Voucher;
  /** Tells workers that sat out an earlier start that they may try again. */
  readonly #start = randomBytes(8).toString("hex");
  #stop: Stop | undefined;
  #isCut = false;
  /** How many jobs an earlier coordinator has left in Redis: they are of the first items that are open. */
  #leftBehind = 0;
  /** Every item that it may have left there has been posted again. */
  #hasCaughtUp = false;
  #window: number;
  #lonelyBeats = 0;
  #beatMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CoordinatorParts) {
    const { options } = parts;
    this.#parts = parts;
    this.#clock = options.clock ?? systemClock;
    this.#voucher = new Voucher(parts.redis);
    this.#window = options.window ?? LEAST_WINDOW;
    this.#patience = new Patience(this.#clock, () => this.#isCut, options.onWarning);
  }

  /** The first reason is the one that is told. @param isCut What is under way is not waited for. */
  end(stop: Stop, isCut: boolean): void {
    if (this.#stop === undefined) {
      this.#stop = stop;
      this.#parts.ledger.tell({ type: "run-stopping", stop });
    }
    this.#isCut ||= isCut;
  }

  async drive(): Promise<BatchSummary> {
    const { mailbox, redis, run } = this.#parts;
    try {
      await this.#patience.with(() => mailbox.queue.resume());
      const { waiting, active, ended } = await this.#patience.with(() => mailbox.queue.counts());
      this.#leftBehind = waiting + active + ended;
      const { facts } = await this.#patience.with(() => runTold(redis, run));
      this.#voucher.goOnWith(String(facts["server"] ?? ""));
      await this.#work();
      const isLeft = this.#stop === undefined || (await this.#drain());
      if (isLeft && !this.#isCut) await this.#leave();
    } catch (error) {
      // Who cuts the run cuts its connection: what waited for Redis then fails, and the journal has all that counts.
      if (!this.#isCut) throw error;
    }
    return this.#finish();
  }

  async #work(): Promise<void> {
    const { mailbox, feed } = this.#parts;
    while (!this.#stop && !(feed.isAtEnd && mailbox.size === 0)) {
      await this.#beat();
      // Side by side: what a loop takes is round trips to Redis.
      const [collected] = await Promise.all([this.#collect(), this.#feed()]);
      await this.#vouch();
      if (collected === 0 && mailbox.size > 0) await this.#clock.sleep(LOOKS_AFTER_MS);
    }
  }

  /** Back-pressure: no more lies in Redis than the window, however long the file. */
  async #feed(): Promise<void> {
    const { mailbox, feed } = this.#parts;
    const window = this.#hasCaughtUp ? this.#window : Math.max(this.#window, this.#leftBehind);
    const batch = await feed.take(Math.min(MOST_AT_ONCE, window - mailbox.size));
    await this.#patience.with(() => mailbox.post(batch));
    this.#hasCaughtUp ||= feed.isAtEnd || mailbox.size >= window;
    this.#countUnderWay();
    if (feed.isSpent) this.end({ reason: "max-cost", message: "what the run may cost is spent" }, false);
  }

  async #record(delivery: Parameters<Ledger["record"]>[0]): Promise<void> {
    const { ledger, feed } = this.#parts;
    feed.done(delivery.open, await ledger.record(delivery));
  }

  async #collect(): Promise<number> {
    const { mailbox } = this.#parts;
    const most = Math.max(this.#window, MOST_AT_ONCE);
    const deliveries = await this.#patience.with(() => mailbox.collect(most, this.#hasCaughtUp));
    const gone = deliveries.filter(({ kind }) => kind === "gone").map(({ open }) => open);
    const ended = deliveries.filter(hasEnded);
    await Promise.all(ended.map((delivery) => this.#record(delivery)));
    await this.#patience.with(() => mailbox.done(ended.map(({ open }) => open)));
    if (!this.#stop && gone.length > 0) await this.#patience.with(() => mailbox.again(gone));
    this.#countUnderWay();
    return deliveries.length;
  }

  /** Workers wait until this Redis was vouched for: what it may know as open and is done nobody may send again. */
  async #vouch(): Promise<void> {
    const { mailbox, feed, redis, run } = this.#parts;
    if (!this.#hasCaughtUp && !feed.isBlocked) return;
    const isNews = await this.#patience.with(() => this.#voucher.vouch(() => mailbox.recall()));
    if (isNews) await this.#patience.with(() => tellRun(redis, run, this.#facts(), this.#clock.wallNowMs()));
  }

  #countUnderWay(): void {
    this.#parts.ledger.figures.inFlight = this.#parts.mailbox.size;
  }

  async #beat(): Promise<void> {
    if (this.#clock.nowMs() - this.#beatMs < BEATS_AFTER_MS) return;
    this.#beatMs = this.#clock.nowMs();
    const { redis, mailbox, options, ledger, journal } = this.#parts;
    const nowMs = this.#clock.wallNowMs();
    const workers = await this.#patience.with(async () => {
      await tellRun(redis, this.#parts.run, this.#facts(), nowMs);
      await mailbox.restore();
      return knownWorkers(redis);
    });
    if (options.window === undefined) this.#window = windowFor(workers);
    ledger.figures.sending = workers.reduce((sum, { facts }) => sum + numberOf(facts, "sending"), 0);
    await journal.tellProgress(nowMs, ledger.figures);
    ledger.lanes = lanesOf(workers);
    this.#look(workers);
  }

  /** Ends a run that nobody can work on, and says so of one on which nobody works. */
  #look(workers: readonly Told[]): void {
    const present = workers.filter(({ facts }) => !sitsOut(facts, this.#start));
    this.#lonelyBeats = present.length === 0 ? this.#lonelyBeats + 1 : 0;
    if (present.length > 0) return;
    const [stop] = workers.flatMap(({ facts }) => stopIn(facts) ?? []);
    if (stop !== undefined) this.end(stop, false);
    else if (this.#lonelyBeats === LONELY_BEATS) this.#parts.options.onWarning?.(NOBODY);
  }

  #facts(): Parameters<typeof tellRun>[2] {
    const { ledger, input, seal, options } = this.#parts;
    const { total, before, failedBefore, succeeded, failed } = ledger.figures;
    const done = before + succeeded + failed;
    const { schema } = options;
    return {
      input: basename(input),
      total,
      done,
      failed: failedBefore + failed,
      start: this.#start,
      proof: seal.close(PROOF),
      server: this.#voucher.server,
      // An earlier start may have had one.
      schema: schema === undefined ? "" : seal.close(schema),
    };
  }

  /**
   * What waits leaves Redis, what is under way is waited for, but not for long.
   *
   * @returns Whether nothing is under way any more.
   */
  async #drain(): Promise<boolean> {
    const { mailbox } = this.#parts;
    const untilMs = this.#clock.nowMs() + DRAINS_FOR_MS;
    await this.#patience.with(() => mailbox.halt());
    let isUnderWay = true;
    while (!this.#isCut && isUnderWay && this.#clock.nowMs() < untilMs) {
      isUnderWay = await this.#patience.with(() => this.#isUnderWay());
      if ((await this.#collect()) === 0 && isUnderWay) await this.#clock.sleep(LOOKS_AFTER_MS);
    }
    await this.#collect();
    return !isUnderWay;
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
    await this.#patience.with(() => mailbox.destroy());
    await this.#patience.with(() => forgetRun(redis, run));
  }

  async #finish(): Promise<BatchSummary> {
    const { journal, files, ledger, options } = this.#parts;
    const counts = journal.counts();
    const { limit, sample, order } = options;
    const wanted = Math.min(limit ?? Number.POSITIVE_INFINITY, sample ?? Number.POSITIVE_INFINITY);
    if (counts.open > 0 && wanted < Number.POSITIVE_INFINITY) {
      this.#stop ??= { reason: "limit", message: `as many as asked for are done (${wanted})` };
    }
    const isAsAsked = counts.open === 0 || this.#stop?.reason === "limit";
    if (isAsAsked) await writeResults(files, (kind) => journal.outputLines({ ...kind, order }));
    const { figures, prices } = ledger;
    return summaryOf({ counts, figures, files, stop: this.#stop, currency: prices.currency });
  }
}

function hasEnded(delivery: Delivery): delivery is Exclude<Delivery, { readonly kind: "gone" }> {
  return delivery.kind !== "gone";
}

/** Enough for every worker to find the next one waiting when it is done with all that it holds. */
function windowFor(workers: readonly Told[]): number {
  const slots = workers.reduce((sum, { facts }) => sum + numberOf(facts, "concurrency"), 0);
  return Math.min(MOST_WINDOW, Math.max(LEAST_WINDOW, slots * WINDOW_PER_SLOT));
}
