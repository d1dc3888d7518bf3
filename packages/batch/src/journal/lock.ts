import { existsSync, rmSync, statSync } from "node:fs";
import { JournalError } from "../errors.js";
import type { Database, OpenDatabase } from "./database.js";
import { hasCode } from "./problems.js";

/** The exclusive right to write a journal. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock of a journal: a second, empty SQLite file that is held exclusively. The kernel frees it when the process
 * ends, however it ends.
 *
 * @throws JournalError with the problem `locked` while another run holds it.
 */
export function takeLock(path: string, open: OpenDatabase, journal: string): Lock {
  for (;;) {
    const database = held(path, open, journal);
    // Its last holder removes the file: whoever opened it just before that holds what nobody else can see.
    if (inodeOf(path) === database.inode) return { release: () => release(path, database.database) };
    database.database.close();
  }
}

/** Whether somebody holds the lock. Looking takes it for an instant, for readers, so that two who look do not meet. */
export function isHeld(path: string, open: OpenDatabase): boolean {
  if (!existsSync(path)) return false;
  const database = open(path);
  try {
    database.prepare("SELECT count(*) FROM sqlite_master").get();
    return false;
  } catch (error) {
    if (!hasCode(error, "SQLITE_BUSY")) throw error;
    return true;
  } finally {
    database.close();
  }
}

function held(path: string, open: OpenDatabase, journal: string): { database: Database; inode: number } {
  const database = open(path);
  const inode = inodeOf(path);
  try {
    // Whoever only looks whether it is held is gone at once.
    database.exec("PRAGMA busy_timeout = 100");
    database.exec("BEGIN EXCLUSIVE");
    return { database, inode: inode ?? -1 };
  } catch (error) {
    database.close();
    if (!hasCode(error, "SQLITE_BUSY")) throw error;
    throw new JournalError("locked", journal, "another run is working on it; wait for its end or stop it");
  }
}

function release(path: string, database: Database): void {
  // Removed while it is still held, so that nobody can take it in between.
  rmSync(path, { force: true });
  database.close();
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
