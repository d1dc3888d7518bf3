import type { Clock } from "bide";
import type { Database } from "./database.js";

/** A group is written when this many records have gathered, unless told otherwise … */
const GROUP_RECORDS = 32;
/** … or this many milliseconds after its first. */
const GROUP_MS = 20;

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How groups are made. */
export interface GroupOptions {
  /** How many records make a group; no more than may be waited for at once, else every group waits for its time. @default 32 */
  readonly records?: number | undefined;
  /** Called at the end of each group, before it is written for good. */
  readonly finish?: (() => void) | undefined;
}

/**
 * Writes records in groups: a commit waits for the disk, and waiting once for many is what makes it cheap. A record's
 * promise resolves when its group is on the disk.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #records: number;
  readonly #finish: (() => void) | undefined;
  #waiting: Waiting[] = [];
  /** Commits block the event loop: on a slow disk they may take half of the time, not all of it. */
  #notBeforeMs = 0;
  #group = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(database: Database, clock: Clock, { records = GROUP_RECORDS, finish }: GroupOptions = {}) {
    this.#database = database;
    this.#clock = clock;
    this.#records = records;
    this.#finish = finish;
  }

  /** @returns When the record is on the disk. Rejects with the store's error, then and for every later record. */
  add(write: () => void): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      if (this.#waiting.length === 1) void this.#flushLater(this.#group);
      if (this.#waiting.length >= this.#records && this.#clock.nowMs() >= this.#notBeforeMs) this.flush();
    });
  }

  /** Writes what has gathered now. */
  flush(): void {
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    this.#group++;
    const startedMs = this.#clock.nowMs();
    try {
      this.#commit(group);
    } catch (error) {
      this.#failure = { error };
      for (const { reject } of group) reject(error);
      return;
    }
    const endedMs = this.#clock.nowMs();
    this.#notBeforeMs = endedMs + (endedMs - startedMs);
    for (const { resolve } of group) resolve();
  }

  async #flushLater(group: number): Promise<void> {
    await this.#clock.sleep(GROUP_MS);
    if (group === this.#group) this.flush();
  }

  #commit(group: readonly Waiting[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const { write } of group) write();
      this.#finish?.();
      this.#database.exec("COMMIT");
    } catch (error) {
      rollBack(this.#database);
      throw error;
    }
  }
}

/** Undoes a transaction whose error is already known: some errors have undone it by themselves, and then this fails. */
export function rollBack(database: Database): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // The first error is the one to report.
  }
}
