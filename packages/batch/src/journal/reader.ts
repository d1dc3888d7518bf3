import { existsSync } from "node:fs";
import type { DecisionClass } from "@bide/llm";
import { JournalError } from "../errors.js";
import { filesOf } from "../files.js";
import { isObject, parsedJson } from "../formats/json.js";
import type { Progress } from "../run/progress.js";
import type { Database, OpenDatabase, Row } from "./database.js";
import { countsIn } from "./journal.js";
import { openLibsql } from "./libsql.js";
import { isHeld } from "./lock.js";
import { resultIn } from "./output-lines.js";
import { journalProblem, rowsOrProblem } from "./problems.js";
import type { AttemptRecord, Counts, RunRecord } from "./records.js";
import { integerIn, optionalIntegerIn, optionalNumberIn, optionalTextIn, textIn } from "./row.js";
import { FAILED, hasWorkers, OPEN, prepareSchema, SUCCEEDED } from "./schema.js";

/** An HTTP request in the journal, with the item that it was made for. */
export interface JournalAttempt extends AttemptRecord {
  readonly customId: string;
}

/** An item of the batch, as the journal has it. */
export interface JournalItem {
  /** Its line in the input, from 1. */
  readonly line: number;
  readonly customId: string;
  readonly state: "open" | "succeeded" | "failed";
  /** The whole output line; absent while it is open. */
  readonly result?: string | undefined;
}

/** How the run that is under way stood when it last told, at most some seconds ago. */
export interface LastProgress {
  /** Wall time, milliseconds since 1970. */
  readonly atMs: number;
  readonly progress: Progress;
}

/** A journal that is looked at and not changed, also while a run writes it. */
export interface JournalReader {
  /** Whether a run holds the journal at this moment; until it has read its input, it is not among {@link runs}. */
  readonly isRunning: boolean;
  counts(): Counts;
  /** The runs so far, the first one first. */
  runs(): readonly RunRecord[];
  /** How the last of {@link runs} stood; absent until it has told. */
  progress(): LastProgress | undefined;
  /** How many requests the input has of each model. */
  models(): ReadonlyMap<string, number>;
  /** Every attempt, as they were written down; read one at a time, in memory that does not grow with them. */
  attempts(): Iterable<JournalAttempt>;
  /** The names of the first `most` items that failed for good, in the order of the input. */
  failedIds(most: number): readonly string[];
  /** Every item in the order of the input, with its result. @throws JournalError for a result that is not as it was written. */
  items(): Iterable<JournalItem>;
  close(): void;
}

/**
 * Opens the journal of a batch to look at it: for progress from elsewhere, and for reports.
 *
 * @param output The output of the batch, as it was given to the run.
 * @throws JournalError where there is no journal beside `output`, or it cannot be read.
 */
export function readJournal(output: string, openDatabase: OpenDatabase = openLibsql): JournalReader {
  const { journal: file } = filesOf(output);
  if (!existsSync(file)) {
    throw new JournalError("missing", file, "there is no such journal; name the output that was given to the run");
  }
  const guard = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw journalProblem(error, file);
    }
  };
  const database = guard(() => openedForReading(file, openDatabase));
  const attempts = guard(() => (hasWorkers(database) ? ATTEMPTS : ATTEMPTS_BEFORE_WORKERS));
  return {
    get isRunning() {
      return isHeld(`${file}.lock`, openDatabase);
    },
    counts: () => guard(() => countsIn(database)),
    runs: () => guard(() => [...database.prepare(RUNS).rows()].map(runIn)),
    progress: () => guard(() => progressIn(database)),
    models: () => guard(() => modelsIn(database)),
    attempts: () => rowsOrProblem(file, () => mapped(database.prepare(attempts).rows(), attemptIn)),
    failedIds: (most) => guard(() => [...database.prepare(FAILED_IDS).rows(most)].map((row) => textIn(row, 0))),
    items: () => rowsOrProblem(file, () => mapped(database.prepare(ITEMS).rows(), (row) => itemIn(row, file))),
    close: () => database.close(),
  };
}

const RUNS = "SELECT started_ms, ended_ms, pid, ending, settings FROM runs ORDER BY id";
const ATTEMPT = `SELECT custom_id, number, started_ms, waited_ms, queued_ms, took_ms, status, code, class, model, endpoint,
  input_tokens, output_tokens, cached_tokens, max_tokens, cost, `;
const ATTEMPTS = `${ATTEMPT} worker FROM attempts ORDER BY id`;
/** In a journal that no worker has written. */
const ATTEMPTS_BEFORE_WORKERS = `${ATTEMPT} NULL FROM attempts ORDER BY id`;
const FAILED_IDS = `SELECT custom_id FROM items WHERE state = ${FAILED} ORDER BY line LIMIT ?`;
const ITEMS = `SELECT items.line, items.custom_id, items.state, results.line, results.checksum FROM items
  LEFT JOIN results ON results.id = items.result ORDER BY items.line`;

function openedForReading(file: string, openDatabase: OpenDatabase): Database {
  const database = openDatabase(file);
  try {
    prepareSchema(database, file);
    // libsql opens for writing whatever it is asked.
    database.exec("PRAGMA query_only = 1");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function* mapped<T>(rows: Iterable<Row>, map: (row: Row) => T): Iterable<T> {
  for (const row of rows) yield map(row);
}

function runIn(row: Row): RunRecord {
  const settings = parsedJson(textIn(row, 4));
  return {
    startedMs: integerIn(row, 0),
    endedMs: optionalIntegerIn(row, 1),
    pid: integerIn(row, 2),
    ending: optionalTextIn(row, 3),
    settings: isObject(settings) ? settings : {},
  };
}

function progressIn(database: Database): LastProgress | undefined {
  const row = database.prepare("SELECT value FROM meta WHERE name = 'progress'").get();
  const value = row && parsedJson(textIn(row, 0));
  if (!isObject(value) || typeof value["atMs"] !== "number" || !isObject(value["progress"])) return undefined;
  const { atMs, progress } = value as unknown as LastProgress;
  // JSON has no Infinity, which is what limits nothing.
  const lanes = (progress.lanes ?? []).map((lane) => ({
    ...lane,
    mostInFlight: lane.mostInFlight ?? Number.POSITIVE_INFINITY,
  }));
  return { atMs, progress: { ...progress, limit: progress.limit ?? Number.POSITIVE_INFINITY, lanes } };
}

function modelsIn(database: Database): ReadonlyMap<string, number> {
  const row = database.prepare("SELECT value FROM meta WHERE name = 'models'").get();
  const value = row && parsedJson(textIn(row, 0));
  return new Map(isObject(value) ? Object.entries(value).map(([model, count]) => [model, Number(count)]) : []);
}

function attemptIn(row: Row): JournalAttempt {
  return {
    customId: textIn(row, 0),
    number: integerIn(row, 1),
    startedMs: integerIn(row, 2),
    waitedMs: integerIn(row, 3),
    queuedMs: integerIn(row, 4),
    tookMs: integerIn(row, 5),
    status: optionalIntegerIn(row, 6),
    code: optionalTextIn(row, 7),
    class: optionalTextIn(row, 8) as DecisionClass | undefined,
    model: optionalTextIn(row, 9),
    endpoint: integerIn(row, 10),
    inputTokens: integerIn(row, 11),
    outputTokens: integerIn(row, 12),
    cachedTokens: integerIn(row, 13),
    maxTokens: optionalIntegerIn(row, 14),
    cost: optionalNumberIn(row, 15),
    worker: optionalTextIn(row, 16),
  };
}

function itemIn(row: Row, file: string): JournalItem {
  const [line, customId, state] = [integerIn(row, 0), textIn(row, 1), integerIn(row, 2)];
  if (state === OPEN) return { line, customId, state: "open" };
  const result = resultIn(row, 3, customId, file);
  return { line, customId, state: state === SUCCEEDED ? "succeeded" : "failed", result };
}
