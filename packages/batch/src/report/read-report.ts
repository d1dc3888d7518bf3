import { basename } from "node:path";
import type { LaneState } from "@bide/llm";
import type { OpenDatabase } from "../journal/database.js";
import { type JournalAttempt, type JournalReader, readJournal } from "../journal/reader.js";
import type { RunRecord } from "../journal/records.js";
import { adviceOn, type OutputBound } from "./advice.js";
import { bottleneckOf } from "./bottleneck.js";
import { chargeOf } from "./charge.js";
import { type ItemAttempts, itemsIn, shownOf } from "./items.js";
import { limitsOf } from "./limits.js";
import type { ItemShown, ReportData, RunShown, Totals } from "./report-data.js";
import { SeriesCounter } from "./series.js";
import { isAnswered, Tally } from "./tally.js";
import { indexOfRun, Timeline } from "./timeline.js";

/** What a report is made of. */
export interface ReportOptions {
  /** The output of the batch, as it was given to the run. */
  readonly output: string;
  /** Wall time, milliseconds since 1970. */
  readonly nowMs: number;
  /** @default SQLite through libsql */
  readonly openDatabase?: OpenDatabase | undefined;
}

/**
 * Reads all that a report says from the journal of a batch, while it runs or after, in memory that does not grow with it.
 *
 * @throws JournalError where there is no journal beside `output`, or it cannot be read.
 */
export function readReport({ output, nowMs, openDatabase }: ReportOptions): ReportData {
  const reader = readJournal(output, openDatabase);
  try {
    return new ReportReader(reader, nowMs).read(basename(output));
  } finally {
    reader.close();
  }
}

/** How many of the failed items are shown … */
const FAILED_SHOWN = 100;
/** … and how many are put into the chart: a bound on memory. */
const FAILED_KNOWN = 100_000;

class ReportReader {
  readonly #reader: JournalReader;
  readonly #nowMs: number;
  readonly #isRunning: boolean;
  readonly #runs: readonly RunRecord[];
  readonly #tally = new Tally();
  readonly #lastEnds: number[] = [];
  readonly #lanes: readonly LaneState[];

  constructor(reader: JournalReader, nowMs: number) {
    this.#reader = reader;
    this.#nowMs = nowMs;
    this.#runs = reader.runs();
    // One that still reads its input is not among them.
    this.#isRunning = reader.isRunning && this.#runs.at(-1)?.ending === undefined;
    this.#lanes = reader.progress()?.progress.lanes ?? [];
  }

  /** Twice over the attempts: the axis of the second needs the ends that the first one finds. */
  read(name: string): ReportData {
    for (const attempt of this.#reader.attempts()) this.#addUp(attempt);
    const timeline = new Timeline(this.#runs, this.#lastEnds, this.#nowMs, this.#isRunning);
    const charge = chargeOf(this.#lanes, this.#tally);
    const outputBound = charge.countsBound ? outputBoundOf(this.#tally) : undefined;
    const series = new SeriesCounter(timeline.runningMs);
    const failed = new Map<string, ItemShown | undefined>();
    for (const customId of this.#reader.failedIds(FAILED_KNOWN)) failed.set(customId, undefined);
    let [charged, chargedWithEnough] = [0, 0];
    for (const item of itemsIn(this.#reader.attempts(), this.#runs)) {
      const shown = shownOf(item);
      this.#tally.addItem(shown, item.attempts.at(-1)?.worker);
      if (failed.has(item.customId)) {
        if (failed.get(item.customId) === undefined) series.add("failed", timeline.at(endOf(item)));
        failed.set(item.customId, shown);
      }
      for (const attempt of item.attempts) {
        const tokens = charge.tokensOf(attempt, attempt.maxTokens);
        this.#place(series, timeline, attempt, tokens);
        charged += tokens;
        if (outputBound) chargedWithEnough += charge.tokensOf(attempt, lowered(attempt.maxTokens, outputBound.enough));
      }
    }
    const shown = this.#data(name, timeline, charged);
    const bound = outputBound && { ...outputBound, chargedTokens: chargedWithEnough };
    const findings = {
      ...shown,
      lastRun: shown.runs.at(-1),
      answers: shown.latencyMs.count,
      cut: this.#tally.cut,
      outputBound: bound,
    };
    const shownFailed = [...failed.values()].filter((item) => item !== undefined).slice(0, FAILED_SHOWN);
    return { ...shown, series: series.series(), failed: shownFailed, advice: adviceOn(findings) };
  }

  #addUp(attempt: JournalAttempt): void {
    this.#tally.add(attempt);
    const run = indexOfRun(this.#runs, attempt.startedMs);
    this.#lastEnds[run] = Math.max(this.#lastEnds[run] ?? 0, attempt.startedMs + attempt.tookMs);
  }

  #place(series: SeriesCounter, timeline: Timeline, attempt: JournalAttempt, tokens: number): void {
    const atMs = timeline.at(attempt.startedMs);
    series.add("requests", atMs);
    series.add("tokens", atMs, tokens);
    if (attempt.status === 429) series.add("refused", atMs);
    if (isAnswered(attempt)) series.add("succeeded", timeline.at(attempt.startedMs + attempt.tookMs));
  }

  #data(name: string, timeline: Timeline, chargedTokens: number): Omit<ReportData, "series" | "failed" | "advice"> {
    const tally = this.#tally;
    const totals = totalsOf(tally, timeline.runningMs, this.#runs.at(-1));
    const limits = limitsOf(this.#runs.at(-1), this.#lanes, tally.models.length);
    const { attempts: requests, tookMs } = tally;
    return {
      name,
      madeAtMs: this.#nowMs,
      isRunning: this.#isRunning,
      counts: this.#reader.counts(),
      totals,
      limits,
      models: tally.models,
      workers: tally.workers,
      runs: runsShown(this.#runs, timeline, this.#isRunning),
      latencyMs: tally.latencyMs.percentiles(),
      latencyBars: tally.latencyMs.bars(),
      queuedMs: tally.queuedMs.percentiles(),
      itemMs: tally.itemMs.percentiles(),
      failures: tally.failures,
      slowest: tally.slowest,
      bottleneck: bottleneckOf({ requests, chargedTokens, tookMs, runningMs: timeline.runningMs }, limits),
    };
  }
}

/** When its last attempt ended; wall time. */
function endOf({ attempts }: ItemAttempts): number {
  const { startedMs, tookMs } = attempts.at(-1) ?? attempts[0];
  return startedMs + tookMs;
}

function totalsOf(tally: Tally, runningMs: number, last: RunRecord | undefined): Totals {
  const { attempts, rateLimited, inputTokens, outputTokens, cachedTokens, cost, unpriced } = tally;
  const { date, currency = "USD" } = last?.settings.prices ?? {};
  const sums = { attempts, rateLimited, inputTokens, outputTokens, cachedTokens, cost, unpriced };
  return { ...sums, currency, pricesDate: date, runningMs };
}

function runsShown(runs: readonly RunRecord[], { spans }: Timeline, isRunning: boolean): readonly RunShown[] {
  return spans.map(({ startedMs, endedMs, atMs }, index) => {
    const isLast = index === spans.length - 1;
    const ending = isLast && isRunning ? "running" : (runs[index]?.ending ?? "killed");
    return { startedMs, endedMs, atMs, ending };
  });
}

/** A bound that would do, where the usual one is much larger than what answers use. */
function outputBoundOf({ bounds, outputs, cut }: Tally): Omit<OutputBound, "chargedTokens"> | undefined {
  const [current] = [...bounds].sort((a, b) => b[1] - a[1])[0] ?? [];
  if (current === undefined || outputs.count === 0 || cut / outputs.count > 0.01) return undefined;
  const used = Math.ceil(outputs.percentile(0.99));
  const enough = rounded(used * 1.1);
  return enough * 1.2 < current ? { current, enough, used } : undefined;
}

function lowered(bound: number | undefined, to: number): number | undefined {
  return bound === undefined ? undefined : Math.min(bound, to);
}

/** Up to two digits that matter: people type these. */
function rounded(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.ceil(value / unit) * unit;
}
