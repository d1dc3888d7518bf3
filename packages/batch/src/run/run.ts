import { PRICE_LIST, type PriceList } from "@bide/llm";
import type { Clock } from "bide";
import { toMs } from "bide/kit";
import { writeResults } from "../export.js";
import type { BatchFiles } from "../files.js";
import type { ImportReport } from "../journal/import.js";
import type { Journal } from "../journal/journal.js";
import { Channels, layerOptions } from "./channel.js";
import { learnedConcurrency } from "./concurrency.js";
import { type Endpoint, settingsOf } from "./endpoint.js";
import { estimateRest, type RestEstimate } from "./estimate.js";
import type { BatchEvent } from "./events.js";
import type { Input } from "./input.js";
import { openRequestGroups } from "./item-feed.js";
import type { CostBound } from "./money.js";
import { BATCH_DEFAULTS, type BatchOptions, type BatchSummary } from "./options.js";
import { type Deliver, Pool } from "./pool.js";
import { type Figures, noFigures } from "./progress.js";
import type { Stop } from "./stop.js";
import { summaryOf } from "./summary.js";
import { Supply } from "./supply.js";

/** How often a run tells those who look at its journal how it stands. */
const BEATS_AFTER_MS = 1000;

/** The options of a run, with what was made of them. */
export type RunOptions = Omit<BatchOptions, "input"> & {
  readonly input: Input;
  readonly endpoints: readonly Endpoint[];
  /** How many are worked on at first. */
  readonly concurrency: number;
  /** The bound that the caller told. */
  readonly mostConcurrency: number | undefined;
  readonly costBound: CostBound;
  readonly deliver: Deliver | undefined;
};

/** One run over a batch, from the first request that is open to the summary. */
export class Run {
  readonly #journal: Journal;
  readonly #files: BatchFiles;
  readonly #options: RunOptions;
  readonly #clock: Clock;
  readonly #figures: Figures;
  readonly #prices: PriceList;
  readonly #channels: Channels;
  readonly #pool: Pool;
  /** Ends everything that only goes on beside the run. */
  readonly #over = new AbortController();
  #stop: Stop | undefined;

  constructor(journal: Journal, files: BatchFiles, clock: Clock, options: RunOptions) {
    this.#journal = journal;
    this.#files = files;
    this.#options = options;
    this.#clock = clock;
    this.#figures = noFigures(clock, () => this.#channels.lanes());
    this.#prices = options.prices ?? PRICE_LIST;
    const { endpoints, fetch } = options;
    const layer = layerOptions(options);
    const tell = (event: BatchEvent): void => this.#tell(event);
    const onTold = (event: BatchEvent): void => {
      tell(event);
      if (event.type === "quota-changed") this.#grow();
    };
    this.#channels = new Channels({ endpoints, fetch, layer, onTold });
    this.#pool = new Pool({
      ...{ journal, clock, tell, prices: this.#prices, channels: this.#channels, figures: this.#figures },
      costBound: options.costBound,
      maxAttempts: options.maxAttempts ?? BATCH_DEFAULTS.maxAttempts,
      maxOutageMs: toMs(options.maxOutage ?? BATCH_DEFAULTS.maxOutage, "maxOutage"),
      deliver: options.deliver,
      onStop: (stop) => this.#end(stop, "waiting"),
    });
  }

  async start(changes: ImportReport | undefined): Promise<BatchSummary> {
    const { concurrency, retryFailed } = this.#options;
    if (retryFailed) this.#journal.reopenFailed();
    const { total, succeeded, failed } = this.#journal.counts();
    const before = succeeded + failed;
    Object.assign(this.#figures, { total, before, failedBefore: failed, limit: this.#limit });
    const run = this.#journal.beginRun(this.#clock.wallNowMs(), this.#told());
    this.#tell({ type: "run-started", progress: this.#figures, changes, lanes: () => this.#channels.lanes() });
    try {
      await this.#drain(concurrency);
      // The last word: whoever looks at the journal later sees all of the run.
      await this.#journal.tellProgress(this.#clock.wallNowMs(), this.#figures);
      const summary = await this.#finish();
      this.#journal.endRun(run, this.#clock.wallNowMs(), summary.stop?.reason ?? "done");
      this.#tell({ type: "run-ended", summary });
      return summary;
    } catch (error) {
      this.#journal.tryEndRun(run, this.#clock.wallNowMs(), "error");
      throw error;
    }
  }

  async #drain(concurrency: number): Promise<void> {
    const release = this.#listen();
    this.#watchTime();
    try {
      await this.#deliverKnown();
      await this.#pool.drain(this.#requests(), concurrency);
    } finally {
      release();
      this.#over.abort();
      this.#channels.close();
    }
  }

  async #deliverKnown(): Promise<void> {
    const { deliver } = this.#options;
    if (deliver === undefined) return;
    for (const state of ["succeeded", "failed"] as const) {
      for (const line of this.#journal.outputLines({ state })) await deliver(line);
    }
  }

  #requests(): Supply {
    const { input, limit, sample, model } = this.#options;
    const groups = openRequestGroups({ journal: this.#journal, input, model, limit, sample });
    return new Supply(groups, () => this.#stop !== undefined);
  }

  get #limit(): number {
    const { limit = Number.POSITIVE_INFINITY, sample = Number.POSITIVE_INFINITY } = this.#options;
    return Math.min(limit, sample);
  }

  /** A quota that turned out to be larger than was thought needs more in flight; a bound that was told stays. */
  #grow(): void {
    if (this.#options.mostConcurrency === undefined) this.#pool.grow(learnedConcurrency(this.#channels.lanes()));
  }

  /** What the journal may know of this run's options. */
  #told(): Parameters<Journal["beginRun"]>[1] {
    const { concurrency, endpoints, maxAttempts = BATCH_DEFAULTS.maxAttempts } = this.#options;
    const { date, currency } = this.#prices;
    return { concurrency, maxAttempts, endpoints: endpoints.map(settingsOf), prices: { date, currency } };
  }

  async #finish(): Promise<BatchSummary> {
    const counts = this.#journal.counts();
    const { open } = counts;
    const { order } = this.#options;
    if (open > 0) this.#stop ??= this.#channels.parked ?? asManyAsAsked(this.#limit);
    const isAsAsked = open === 0 || this.#stop?.reason === "limit";
    if (isAsAsked) await writeResults(this.#files, (wanted) => this.#journal.outputLines({ ...wanted, order }));
    const { currency } = this.#prices;
    const rest = open > 0 && this.#stop?.reason === "limit" ? this.#rest(open) : undefined;
    return summaryOf({
      ...{ counts, figures: this.#figures, files: this.#files, stop: this.#stop, currency, rest },
    });
  }

  #rest(open: number): RestEstimate | undefined {
    const { succeeded, failed, cost, inputTokens, outputTokens } = this.#figures;
    const part = { done: succeeded + failed, cost, inputTokens, outputTokens };
    const concurrency = this.#options.mostConcurrency ?? this.#pool.size;
    return estimateRest({ ...part, concurrency, lanes: this.#channels.lanes() }, open);
  }

  /** Hears both signals; returns what takes that back. */
  #listen(): () => void {
    const { drain, signal } = this.#options;
    const stop: Stop = { reason: "interrupted", message: "interrupted" };
    const drained = (): void => this.#end(stop, "waiting");
    const stopped = (): void => this.#end(stop, "all");
    drain?.addEventListener("abort", drained);
    signal?.addEventListener("abort", stopped);
    if (drain?.aborted) drained();
    if (signal?.aborted) stopped();
    return () => {
      drain?.removeEventListener("abort", drained);
      signal?.removeEventListener("abort", stopped);
    };
  }

  /** Ends the run when its time is spent, and tells those who look at the journal how it stands. */
  #watchTime(): void {
    const { timeBudget } = this.#options;
    const { signal } = this.#over;
    const budgetMs = timeBudget === undefined ? Number.POSITIVE_INFINITY : toMs(timeBudget, "timeBudget");
    if (budgetMs !== Number.POSITIVE_INFINITY) {
      const spent: Stop = { reason: "time-budget", message: "the time budget is spent" };
      this.#clock.sleep(budgetMs, signal).then(() => this.#end(spent, "waiting"), nothing);
    }
    const beat = async (): Promise<void> => {
      for (;;) {
        await this.#clock.sleep(BEATS_AFTER_MS, signal);
        await this.#journal.tellProgress(this.#clock.wallNowMs(), this.#figures);
      }
    };
    beat().catch(nothing);
  }

  /** The first reason is the one that is told. A second may let go of more. */
  #end(stop: Stop, which: "waiting" | "all"): void {
    if (this.#stop === undefined) {
      this.#stop = stop;
      this.#tell({ type: "run-stopping", stop });
    }
    this.#pool.letGo(which);
  }

  #tell(event: BatchEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch {
      // Whoever looks on changes no outcome.
    }
  }
}

function asManyAsAsked(count: number): Stop | undefined {
  return count === Number.POSITIVE_INFINITY
    ? undefined
    : { reason: "limit", message: `as many as asked for are done (${count})` };
}

function nothing(): void {}
