import { JournalError } from "../errors.js";
import type { Database } from "./database.js";
import { integerIn } from "./row.js";

/** The layout of the journal. A file of a higher version is left alone. */
export const JOURNAL_VERSION = 2;

/** Marks the file as a journal of bide: "bide" in ASCII. */
const APPLICATION_ID = 0x62696465;

/** What `items.state` may be. */
export const OPEN = 0;
export const SUCCEEDED = 1;
export const FAILED = 2;

/** The `runs.ending` of a run that could not write down how it ended. */
export const KILLED = "killed";

/** The table of a file's requests; made anew, under another name, when the file has changed. */
export function itemsTable(name: string): string {
  return `CREATE TABLE ${name} (
    line INTEGER PRIMARY KEY,
    custom_id TEXT NOT NULL UNIQUE,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    state INTEGER NOT NULL,
    result INTEGER
  ) STRICT`;
}

/** Finds what is left to do without looking at what is done. @param table That of the items. */
export function openItemsIndex(table: string): string {
  return `CREATE INDEX open_items ON ${table} (line) WHERE state = ${OPEN}`;
}

const SCHEMA = [
  "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
  itemsTable("items"),
  openItemsIndex("items"),
  // Results of requests that are no longer in the file: they were paid for, and the request may come back.
  `CREATE TABLE kept (
    custom_id TEXT NOT NULL, fingerprint BLOB NOT NULL, state INTEGER NOT NULL, result INTEGER NOT NULL,
    PRIMARY KEY (custom_id, fingerprint)
  ) STRICT, WITHOUT ROWID`,
  // Requests that stand in no file that can be read again at an offset: compressed, made of prompts, or handed over.
  "CREATE TABLE requests (line INTEGER PRIMARY KEY, text TEXT NOT NULL, source TEXT) STRICT",
  "CREATE TABLE results (id INTEGER PRIMARY KEY, line TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
  `CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, custom_id TEXT NOT NULL, number INTEGER NOT NULL, started_ms INTEGER NOT NULL,
    waited_ms INTEGER NOT NULL, queued_ms INTEGER NOT NULL, took_ms INTEGER NOT NULL, status INTEGER, code TEXT, class TEXT, model TEXT,
    endpoint INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL, max_tokens INTEGER, cost REAL, worker TEXT
  ) STRICT`,
  `CREATE TABLE runs (
    id INTEGER PRIMARY KEY, started_ms INTEGER NOT NULL, ended_ms INTEGER, pid INTEGER NOT NULL, ending TEXT,
    settings TEXT NOT NULL
  ) STRICT`,
  `PRAGMA application_id = ${APPLICATION_ID}`,
  `PRAGMA user_version = ${JOURNAL_VERSION}`,
];

/** Sets the connection up, and lays out a file that is new. @throws JournalError for a file that is none of ours. */
export function prepareSchema(database: Database, file: string): void {
  // What has to be sorted is as long as the file: libsql would keep it in memory.
  database.exec("PRAGMA temp_store = FILE");
  const id = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (id === 0 && version === 0 && isEmpty(database)) create(database);
  else if (id !== APPLICATION_ID) throw new JournalError("damaged", file, "not a journal of bide; move it away");
  else if (version > JOURNAL_VERSION) {
    const versions = `version ${version} of the format, and this program knows versions up to ${JOURNAL_VERSION}`;
    throw new JournalError("newer", file, `the journal is of ${versions}; update bide`);
  }
}

/** Brings a journal of an older version to the layout of this one. Who only looks at it leaves it as it is. */
export function upgradeSchema(database: Database): void {
  if (hasWorkers(database)) return;
  database.exec("BEGIN IMMEDIATE");
  database.exec("ALTER TABLE attempts ADD COLUMN worker TEXT");
  database.exec(`PRAGMA user_version = ${JOURNAL_VERSION}`);
  database.exec("COMMIT");
}

/** Whether attempts tell which worker made them: since version 2. */
export function hasWorkers(database: Database): boolean {
  return pragma(database, "user_version") >= 2;
}

/** A result counts when it is on the disk: each commit waits for it. */
export function setDurable(database: Database): void {
  database.prepare("PRAGMA journal_mode = WAL").get();
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA cache_size = -2000");
}

function create(database: Database): void {
  setDurable(database);
  database.exec("BEGIN IMMEDIATE");
  for (const statement of SCHEMA) database.exec(statement);
  database.exec("COMMIT");
}

function isEmpty(database: Database): boolean {
  return integerIn(database.prepare("SELECT count(*) FROM sqlite_master").get(), 0) === 0;
}

function pragma(database: Database, name: string): number {
  return integerIn(database.prepare(`PRAGMA ${name}`).get(), 0);
}
