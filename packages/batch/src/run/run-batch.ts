import { systemClock } from "bide";
import { filesOf } from "../files.js";
import type { ImportReport } from "../journal/import.js";
import { Journal } from "../journal/journal.js";
import { openLibsql } from "../journal/libsql.js";
import { layerOf, layerOptions } from "./channel.js";
import { checkBatchOptions } from "./checked-options.js";
import { firstConcurrency } from "./concurrency.js";
import { endpointsOf } from "./endpoint.js";
import { importInput } from "./import-input.js";
import { checkedInput, type Input } from "./input.js";
import { costBoundOf } from "./money.js";
import type { BatchOptions, BatchSummary } from "./options.js";
import type { Deliver } from "./pool.js";
import { Run } from "./run.js";

/**
 * Drives a file of requests to its end: sends what has no result yet, writes each result to the journal before it counts,
 * and, when none is open, writes the result files. Run again after whatever ended it, it goes on where it was.
 *
 * @throws InputError, OutputError, JournalError, OptionError, InterruptedError before the first request, with nothing changed.
 */
export function runBatch(options: BatchOptions): Promise<BatchSummary> {
  return runBatchTo(options, undefined);
}

/** The same, with every output line handed on: those of earlier runs first. */
export async function runBatchTo(options: BatchOptions, deliver: Deliver | undefined): Promise<BatchSummary> {
  checkBatchOptions(options, "runBatch");
  const { clock = systemClock, openDatabase = openLibsql } = options;
  const endpoints = endpointsOf(options);
  const concurrency = options.concurrency ?? firstConcurrency(endpoints);
  // What is wrong with an option of the layer is said before anything is touched.
  for (const endpoint of endpoints) layerOf(endpoint, options.fetch, layerOptions(options));
  const files = filesOf(options.output);
  const input = checkedInput(options, files);
  const journal = Journal.open({ path: files.journal, openDatabase, clock, groupRecords: groupOf(concurrency) });
  const changes = await prepared(journal, input, options);
  try {
    const costBound = costBoundOf(journal, options);
    return await new Run(journal, files, clock, {
      ...options,
      costBound,
      input,
      endpoints,
      concurrency,
      mostConcurrency: options.concurrency,
      deliver,
    }).start(changes);
  } finally {
    journal.close();
  }
}

/** Larger groups cost less, as long as others are on their way meanwhile: the commit holds up everything. */
const MOST_RECORDS = 256;

function groupOf(concurrency: number): number {
  return Math.min(Math.ceil(concurrency / 2), MOST_RECORDS);
}

/** What the input brought; a journal that was made for a bad one is removed again. */
async function prepared(
  journal: Journal,
  input: Input,
  { drain, signal }: BatchOptions,
): Promise<ImportReport | undefined> {
  try {
    return await importInput(journal, input, [drain, signal]);
  } catch (error) {
    journal.discard();
    throw error;
  }
}
