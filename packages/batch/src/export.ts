import { existsSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { JournalError, OutputError } from "./errors.js";
import { type BatchFiles, checkLayout, filesOf, layoutOf } from "./files.js";
import type { OpenDatabase } from "./journal/database.js";
import { countsIn } from "./journal/journal.js";
import { openLibsql } from "./journal/libsql.js";
import { columnsIn, type OutputLines, outputLinesIn, type ResultOrder } from "./journal/output-lines.js";
import { journalProblem } from "./journal/problems.js";
import type { Counts } from "./journal/records.js";
import { prepareSchema } from "./journal/schema.js";

/** Options of {@link exportResults}. */
export interface ExportOptions {
  /** The output of the batch, as it was given to the run. */
  readonly output: string;
  /** @default "input" */
  readonly order?: ResultOrder | undefined;
  /** @default SQLite through libsql */
  readonly openDatabase?: OpenDatabase | undefined;
}

/**
 * Writes what a batch has so far, also while it runs or after it was interrupted.
 *
 * @throws JournalError where there is no journal beside `output`, or it cannot be read.
 */
export async function exportResults({ output, order, openDatabase = openLibsql }: ExportOptions): Promise<Counts> {
  const files = filesOf(output);
  if (!existsSync(files.journal)) {
    throw new JournalError(
      "missing",
      files.journal,
      "there is no such journal; name the output that was given to the run",
    );
  }
  try {
    const database = openDatabase(files.journal);
    try {
      prepareSchema(database, files.journal);
      checkLayout(files, columnsIn(database).length > 0);
      const { journal: file } = files;
      await writeResults(files, (wanted) => outputLinesIn(database, { ...wanted, file, order }));
      return countsIn(database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw journalProblem(error, files.journal);
  }
}

/** Gives the lines of one output file. */
export type LinesOf = (wanted: Pick<OutputLines, "state" | "layout">) => Iterable<string>;

/** Writes both result files, each at once: whoever reads them sees the old one or the new one, whole. */
export async function writeResults(files: BatchFiles, linesOf: LinesOf): Promise<void> {
  const layout = layoutOf(files);
  await replaceFile(files.results, linesOf({ state: "succeeded", layout }));
  const failed = linesOf({ state: "failed", layout })[Symbol.iterator]();
  const first = failed.next();
  if (first.done === true) await rm(files.errors, { force: true });
  else await replaceFile(files.errors, startingWith(first.value, failed));
}

function* startingWith(first: string, rest: Iterator<string>): Iterable<string> {
  yield first;
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value;
}

const BYTES_PER_WRITE = 256 * 1024;

/** Writes a file under another name, waits for the disk, and puts it in place. */
export async function replaceFile(path: string, lines: Iterable<string>): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const handle = await open(temporary, "w");
    try {
      await writeLines(handle, lines);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    // Where even that fails, the first error is the one to report.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asOutputError(error, path);
  }
}

async function writeLines(handle: FileHandle, lines: Iterable<string>): Promise<void> {
  let text = "";
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < BYTES_PER_WRITE) continue;
    await handle.write(text);
    text = "";
  }
  if (text !== "") await handle.write(text);
}

/** A rename is on the disk when its folder is. Not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

function asOutputError(error: unknown, path: string): unknown {
  // What the lines come from may have failed, too; that has no system call.
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return error;
  const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
  const what = isFull ? "the disk is full" : `cannot be written (${String(error.code)})`;
  return new OutputError(path, what, { cause: error });
}
