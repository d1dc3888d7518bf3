import { existsSync, rmSync } from "node:fs";
import type { Clock } from "bide";
import { isObject, parsedJson } from "../formats/json.js";
import type { Progress } from "../run/progress.js";
import type { Database, OpenDatabase, Statement } from "./database.js";
import { GroupCommit, rollBack } from "./group-commit.js";
import { type ImportReport, type ImportSource, importItems } from "./import.js";
import { type Lock, takeLock } from "./lock.js";
import { type OutputLines, outputLinesIn } from "./output-lines.js";
import { journalProblem, rowsOrProblem } from "./problems.js";
import { outputLineOf, RecordWriter } from "./record-writer.js";
import type { Counts, Item, ItemRecord, RunSettings } from "./records.js";
import { bytesIn, integerIn, numberIn, textIn } from "./row.js";
import { FAILED, KILLED, OPEN, prepareSchema, SUCCEEDED, setDurable, upgradeSchema } from "./schema.js";

/** What opening a journal takes. */
export interface JournalOptions {
  readonly path: string;
  readonly openDatabase: OpenDatabase;
  readonly clock: Clock;
  /** How many records are written together. @default 32 */
  readonly groupRecords?: number | undefined;
}

/** The memory of a run: which requests there are, and what became of each. */
export class Journal {
  readonly path: string;
  readonly #database: Database;
  readonly #lock: Lock;
  readonly #group: GroupCommit;
  readonly #isNew: boolean;
  readonly #writer: RecordWriter;
  readonly #openItems: Statement;
  readonly #writeMeta: Statement;

  /** Opens the journal for writing, or makes it. @throws JournalError where it cannot be used. */
  static open(options: JournalOptions): Journal {
    return guarded(options.path, () => {
      const lock = takeLock(`${options.path}.lock`, options.openDatabase, options.path);
      try {
        return new Journal(options, lock);
      } catch (error) {
        lock.release();
        throw error;
      }
    });
  }

  private constructor({ path, openDatabase, clock, groupRecords }: JournalOptions, lock: Lock) {
    this.path = path;
    this.#lock = lock;
    this.#isNew = !existsSync(path);
    this.#database = openDatabase(path);
    try {
      prepareSchema(this.#database, path);
      setDurable(this.#database);
      upgradeSchema(this.#database);
      // Nobody else holds the lock: a run without an end was killed, and is not the one that is about to begin.
      this.#database.exec(`UPDATE runs SET ending = '${KILLED}' WHERE ending IS NULL`);
      const prepare = (sql: string): Statement => this.#database.prepare(sql);
      this.#writer = new RecordWriter(this.#database);
      this.#writeMeta = prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)");
      this.#openItems = prepare(`SELECT line, offset, length, custom_id, fingerprint FROM items
        WHERE state = ${OPEN} AND line > ? ORDER BY line LIMIT ?`);
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#group = new GroupCommit(this.#database, clock, { records: groupRecords, finish: () => this.#writer.flush() });
  }

  /** @see importItems */
  async import(source: ImportSource): Promise<ImportReport> {
    try {
      return await importItems(this.#database, source);
    } catch (error) {
      throw journalProblem(error, this.path);
    }
  }

  /** A fact about the run that is remembered under a name. */
  meta(name: string): string | undefined {
    return this.#guarded(() => {
      const row = this.#database.prepare("SELECT value FROM meta WHERE name = ?").get(name);
      return row === undefined ? undefined : textIn(row, 0);
    });
  }

  setMeta(name: string, value: string): void {
    this.#guarded(() => this.#writeMeta.run(name, value));
  }

  /** The models that the input names. */
  models(): readonly string[] {
    const models = parsedJson(this.meta("models") ?? "");
    return isObject(models) ? Object.keys(models) : [];
  }

  counts(): Counts {
    return this.#guarded(() => countsIn(this.#database));
  }

  /** The first `most` items after `line` that have no result. */
  openItems(line: number, most: number): readonly Item[] {
    return this.#guarded(() =>
      [...this.#openItems.rows(line, most)].map((row) => ({
        line: integerIn(row, 0),
        offset: integerIn(row, 1),
        length: integerIn(row, 2),
        customId: textIn(row, 3),
        fingerprint: bytesIn(row, 4),
      })),
    );
  }

  /** The requests that are kept in the journal, from one line to another. */
  keptRequests(first: number, last: number): ReadonlyMap<number, string> {
    return this.#guarded(() => {
      const rows = this.#database
        .prepare("SELECT line, text FROM requests WHERE line BETWEEN ? AND ?")
        .rows(first, last);
      return new Map([...rows].map((row) => [integerIn(row, 0), textIn(row, 1)]));
    });
  }

  /** Forgets failures, so that these items run again. */
  reopenFailed(): void {
    this.#guarded(() => this.#database.exec(`UPDATE items SET state = ${OPEN}, result = NULL WHERE state = ${FAILED}`));
  }

  /** @returns The output line, when the record is on the disk; only then it counts. */
  async record(record: ItemRecord): Promise<string | undefined> {
    const line = outputLineOf(record);
    try {
      await this.#group.add(() => this.#writer.add(record, line));
      return line;
    } catch (error) {
      throw journalProblem(error, this.path);
    }
  }

  /** @see outputLinesIn */
  outputLines(wanted: Omit<OutputLines, "file">): Iterable<string> {
    const file = this.path;
    return rowsOrProblem(file, () => outputLinesIn(this.#database, { ...wanted, file }));
  }

  /** Writes down that a run has begun, of which nothing is told yet; returns its number. */
  beginRun(startedMs: number, settings: RunSettings): number {
    return this.#guarded(() => {
      const insert = "INSERT INTO runs VALUES (NULL, ?, NULL, ?, NULL, ?) RETURNING id";
      const begun = [Math.round(startedMs), process.pid, JSON.stringify(settings)] as const;
      // In one step: at no instant does the new run seem to stand as the one before did.
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const run = integerIn(this.#database.prepare(insert).get(...begun), 0);
        this.#database.exec("DELETE FROM meta WHERE name = 'progress'");
        this.#database.exec("COMMIT");
        return run;
      } catch (error) {
        rollBack(this.#database);
        throw error;
      }
    });
  }

  /** Tells those who look at the journal how a run stands. */
  async tellProgress(atMs: number, progress: Progress): Promise<void> {
    const value = JSON.stringify({ atMs: Math.round(atMs), progress });
    await this.#group.add(() => this.#writeMeta.run("progress", value));
  }

  /** What all attempts so far have cost. */
  costSoFar(): number {
    return this.#guarded(() => numberIn(this.#database.prepare("SELECT total(cost) FROM attempts").get(), 0));
  }

  /** The lines of so many open items, spread evenly over the file. */
  sampledLines(count: number): readonly number[] {
    return this.#guarded(() => {
      const { open } = countsIn(this.#database);
      const [step, lines]: [number, number[]] = [Math.max(1, open / count), []];
      let place = 0;
      for (const row of this.#database.prepare(`SELECT line FROM items WHERE state = ${OPEN} ORDER BY line`).rows()) {
        // In the middle of each part, so that neither end of the file is preferred.
        if (place++ === Math.floor((lines.length + 0.5) * step)) lines.push(integerIn(row, 0));
      }
      return lines;
    });
  }

  /** As {@link endRun}, where an error is known already that may be the store's own. */
  tryEndRun(run: number, endedMs: number, ending: string): void {
    try {
      this.endRun(run, endedMs, ending);
    } catch {
      // The first error is the one to report.
    }
  }

  /** Writes down how a run ended. */
  endRun(run: number, endedMs: number, ending: string): void {
    const update = "UPDATE runs SET ended_ms = ?, ending = ? WHERE id = ?";
    this.#guarded(() => this.#database.prepare(update).run(Math.round(endedMs), ending, run));
  }

  /** Writes what has gathered. */
  flush(): void {
    this.#group.flush();
  }

  /** Writes what has gathered, brings the journal into one file, and lets go of it. */
  close(): void {
    this.#group.flush();
    this.#gather();
    this.#database.close();
    this.#lock.release();
  }

  /** Closes, and removes the journal if this made it: for an input that turned out to be bad. */
  discard(): void {
    const isUnused = this.#isNew && this.counts().total === 0;
    this.#database.close();
    if (isUnused) for (const end of ["", "-wal", "-shm"]) rmSync(this.path + end, { force: true });
    this.#lock.release();
  }

  /** SQLite does it by itself when the last of its statements is gone, which a garbage collector decides. */
  #gather(): void {
    try {
      this.#database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    } catch {
      // Somebody reads, or the disk is full: what is in the write-ahead log counts all the same.
    }
  }

  #guarded<T>(action: () => T): T {
    return guarded(this.path, action);
  }
}

/** Counted one by one: grouped by their states, all items would be sorted first. */
const COUNTS = `SELECT count(*), count(*) FILTER (WHERE state = ${SUCCEEDED}), count(*) FILTER (WHERE state = ${FAILED})
  FROM items`;

/** How many items a journal has in which state. */
export function countsIn(database: Database): Counts {
  const row = database.prepare(COUNTS).get();
  const [total, succeeded, failed] = [integerIn(row, 0), integerIn(row, 1), integerIn(row, 2)];
  return { total, open: total - succeeded - failed, succeeded, failed };
}

function guarded<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw journalProblem(error, file);
  }
}
