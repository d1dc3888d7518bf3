import { type Clock, systemClock } from "bide";
import { checkInteger } from "bide/kit";
import { writeResults } from "../export.js";
import { type BatchFiles, checkInput, checkOutput, filesOf } from "../files.js";
import type { ImportReport } from "../journal/import.js";
import { Journal } from "../journal/journal.js";
import { openLibsql } from "../journal/libsql.js";
import { recordedFetch } from "./attempt-log.js";
import { headersOf } from "./endpoint.js";
import { importInput } from "./input-file.js";
import { openRequests } from "./item-feed.js";
import { BATCH_DEFAULTS, type BatchOptions, type BatchSummary } from "./options.js";
import { Pool } from "./pool.js";
import { type Figures, noFigures } from "./progress.js";
import type { Stop } from "./stop.js";

/**
 * Drives a file of requests to its end: sends what has no result yet, writes each result to the journal before it counts,
 * and, when none is open, writes the result files. Run again after whatever ended it, it goes on where it was.
 *
 * @throws InputError, OutputError, JournalError, OptionError before the first request, with nothing changed.
 */
export async function runBatch(options: BatchOptions): Promise<BatchSummary> {
  const { clock = systemClock, openDatabase = openLibsql, concurrency = BATCH_DEFAULTS.concurrency } = options;
  checkInteger(concurrency, "concurrency", 1, false);
  const files = filesOf(options.output);
  checkInput(options.input);
  checkOutput(files);
  const journal = Journal.open({ path: files.journal, openDatabase, clock, groupRecords: concurrency });
  const changes = await prepared(journal, options);
  try {
    return await new Run(journal, files, clock, options).start(changes);
  } finally {
    journal.close();
  }
}

/** What the input brought; a journal that was made for a bad one is removed again. */
async function prepared(journal: Journal, { input }: BatchOptions): Promise<ImportReport | undefined> {
  try {
    return await importInput(journal, { file: input, settings: settingsOf() });
  } catch (error) {
    journal.discard();
    throw error;
  }
}

/** The options that change what is sent, as they enter a fingerprint. */
function settingsOf(): string {
  return "{}";
}

class Run {
  readonly #journal: Journal;
  readonly #files: BatchFiles;
  readonly #options: BatchOptions;
  readonly #figures: Figures;
  readonly #pool: Pool;
  #stop: Stop | undefined;

  constructor(journal: Journal, files: BatchFiles, clock: Clock, options: BatchOptions) {
    this.#journal = journal;
    this.#files = files;
    this.#options = options;
    this.#figures = noFigures(clock);
    const { baseUrl, through = (transport) => transport } = options;
    const fetch = through(recordedFetch(options.fetch ?? globalThis.fetch, clock));
    const sender = { fetch, baseUrl, headers: headersOf(options) };
    const figures = this.#figures;
    const onStop = (stop: Stop): void => this.#end(stop, "waiting");
    this.#pool = new Pool({ journal, sender, clock, figures, onStop, onResult: options.onResult });
  }

  async start(changes: ImportReport | undefined): Promise<BatchSummary> {
    const { input, concurrency = BATCH_DEFAULTS.concurrency, retryFailed, onStart } = this.#options;
    if (retryFailed) this.#journal.reopenFailed();
    const { total, succeeded, failed } = this.#journal.counts();
    Object.assign(this.#figures, { total, before: succeeded + failed });
    onStart?.(this.#figures, changes);
    const release = this.#listen();
    try {
      const isStopped = (): boolean => this.#stop !== undefined;
      const source = { journal: this.#journal, file: input, settings: settingsOf(), isStopped };
      await this.#pool.drain(openRequests(source), concurrency);
    } finally {
      release();
    }
    return this.#finish();
  }

  async #finish(): Promise<BatchSummary> {
    const { total, open, succeeded, failed } = this.#journal.counts();
    if (open === 0) await writeResults(this.#files, (state) => this.#journal.resultLines(state));
    const { before, attempts, rateLimited, inputTokens, outputTokens, elapsedMs } = this.#figures;
    const { results, errors, journal } = this.#files;
    return {
      ...{ total, succeeded, failed, open, before },
      ...{ attempts, rateLimited, inputTokens, outputTokens, elapsedMs },
      stop: open === 0 ? undefined : this.#stop,
      ...{ results, errors: failed > 0 ? errors : undefined, journal },
    };
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

  /** The first reason is the one that is told; a second may let go of more. */
  #end(stop: Stop, which: "waiting" | "all"): void {
    this.#stop ??= stop;
    this.#pool.letGo(which);
  }
}
