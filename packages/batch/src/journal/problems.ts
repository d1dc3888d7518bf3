import { JournalError } from "../errors.js";
import { UnexpectedRow } from "./row.js";

/** Whether an error carries this code, or one that refines it (`SQLITE_IOERR_WRITE` refines `SQLITE_IOERR`). */
export function hasCode(error: unknown, code: string): boolean {
  const actual = codeOf(error);
  return actual === code || actual.startsWith(`${code}_`);
}

/** What a database reported, as one clear sentence about the journal; errors of ours pass as they are. */
export function journalProblem(error: unknown, file: string): unknown {
  if (error instanceof JournalError) return error;
  const options = { cause: error };
  if (hasCode(error, "SQLITE_FULL")) {
    return new JournalError("full", file, "the disk is full; free some space and run the same command again", options);
  }
  if (isDamage(error)) {
    const cure = "restore it from a backup, or move it away to start over";
    return new JournalError("damaged", file, `the journal is damaged or was edited; ${cure}`, options);
  }
  if (isUnwritable(error)) {
    return new JournalError(
      "unwritable",
      file,
      "cannot be written; check the folder, its rights and the disk",
      options,
    );
  }
  return error;
}

/** The same for rows that are read one at a time. */
export function* rowsOrProblem<T>(file: string, rows: () => Iterable<T>): Iterable<T> {
  try {
    yield* rows();
  } catch (error) {
    throw journalProblem(error, file);
  }
}

function isDamage(error: unknown): boolean {
  if (hasCode(error, "SQLITE_CORRUPT") || hasCode(error, "SQLITE_NOTADB") || error instanceof UnexpectedRow)
    return true;
  // The layout is not the one that was made: the version was looked at before.
  return hasCode(error, "SQLITE_ERROR") && error instanceof Error && /^no such (column|table)/.test(error.message);
}

function isUnwritable(error: unknown): boolean {
  if (["SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM"].some((code) => hasCode(error, code))) {
    return true;
  }
  // libsql gives no code when a file cannot be opened, only SQLite's number for it.
  return error instanceof Error && /unable to open/i.test(error.message);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
