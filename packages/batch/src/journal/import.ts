import { InputError, InterruptedError } from "../errors.js";
import type { BatchRequest } from "../formats/batch-request.js";
import { modelOf } from "../formats/request-facts.js";
import type { KeptRequest, SourceRequest } from "../formats/source-request.js";
import type { Database, Row, SqlValue, Statement } from "./database.js";
import { fingerprintOf } from "./fingerprint.js";
import { rollBack } from "./group-commit.js";
import { hasCode } from "./problems.js";
import { integerIn } from "./row.js";
import { FAILED, itemsTable, OPEN, openItemsIndex, SUCCEEDED } from "./schema.js";

/** What an input brought, held against the one before. */
export interface ImportReport {
  readonly total: number;
  /** Requests that the journal had not seen before. */
  readonly added: number;
  /** Requests whose `custom_id` was there with another body, endpoint or setting: they run again. */
  readonly changed: number;
  /** Requests that are no longer in the input. Their results stay in the journal and out of the output. */
  readonly removed: number;
  /** The first line that is new or changed; absent when there is none. */
  readonly firstChanged?: number | undefined;
}

/** What an import reads and under which settings. */
export interface ImportSource {
  /** The name of the input, for messages. */
  readonly name: string;
  readonly requests: AsyncIterable<readonly SourceRequest[]>;
  /** The options that change what is sent. */
  readonly settings: string;
  /** Sees each request that has no result yet. */
  readonly onOpen?: ((request: BatchRequest) => void) | undefined;
  /** Aborted: what was read is given up. */
  readonly signals?: readonly (AbortSignal | undefined)[] | undefined;
  /** Looks and changes nothing. @default false */
  readonly isTrial?: boolean | undefined;
}

/**
 * Checks every line and makes the journal's table of items from them, keeping the results of lines that are the same as
 * before. All of it or nothing: a bad line leaves the journal as it was.
 *
 * @throws InputError naming the first bad line; InterruptedError.
 */
export async function importItems(database: Database, source: ImportSource): Promise<ImportReport> {
  database.exec("BEGIN IMMEDIATE");
  try {
    const report = await replaceItems(database, source);
    database.exec(source.isTrial ? "ROLLBACK" : "COMMIT");
    // What was cached is of no use for what comes now.
    database.exec("PRAGMA shrink_memory");
    return report;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

async function replaceItems(database: Database, source: ImportSource): Promise<ImportReport> {
  database.exec("DROP TABLE IF EXISTS next_items");
  database.exec(itemsTable("next_items"));
  // Filled in the order of its rows, it needs no sorting of all of them at the end.
  database.exec("DROP INDEX IF EXISTS open_items");
  database.exec(openItemsIndex("next_items"));
  database.exec("DELETE FROM requests");
  const importer = new Importer(database, source);
  for await (const requests of source.requests) {
    if (source.signals?.some((signal) => signal?.aborted)) throw new InterruptedError(source.name);
    for (const request of requests) importer.add(request);
  }
  if (importer.total === 0) throw new InputError(source.name, undefined, "the file holds no requests");
  database
    .prepare("INSERT OR REPLACE INTO meta VALUES ('models', ?)")
    .run(JSON.stringify(Object.fromEntries(importer.models)));
  const removed = keepRemoved(database);
  database.exec("DROP TABLE items");
  database.exec("ALTER TABLE next_items RENAME TO items");
  const { total, added, changed, firstChanged } = importer;
  return { total, added, changed, removed, firstChanged };
}

/** More models than this are not told apart. */
const MOST_MODELS = 100;

class Importer {
  total = 0;
  added = 0;
  changed = 0;
  firstChanged: number | undefined;
  readonly models = new Map<string, number>();
  /** How often a name was given to requests of the same content, where more than once. */
  readonly #namesakes = new Map<string, number>();
  readonly #source: ImportSource;
  readonly #isFirst: boolean;
  readonly #insert: Statement;
  readonly #before: Statement;
  readonly #kept: Statement;
  readonly #lineOf: Statement;
  readonly #keep: Statement;

  constructor(database: Database, source: ImportSource) {
    this.#source = source;
    this.#isFirst = database.prepare("SELECT 1 FROM items LIMIT 1").get() === undefined;
    this.#insert = database.prepare("INSERT INTO next_items VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#before = database.prepare("SELECT state, result, fingerprint = ? FROM items WHERE custom_id = ?");
    this.#kept = database.prepare("SELECT state, result FROM kept WHERE custom_id = ? AND fingerprint = ?");
    this.#lineOf = database.prepare("SELECT line FROM next_items WHERE custom_id = ?");
    this.#keep = database.prepare("INSERT INTO requests VALUES (?, ?, ?)");
  }

  add({ line, request: read, isNamedByContent, place }: SourceRequest): void {
    const request = isNamedByContent ? { ...read, customId: this.#unused(read.customId) } : read;
    const fingerprint = fingerprintOf(request, this.#source.settings);
    const [state, result] = this.#stateOf(request, fingerprint, line);
    const { offset, length } = "text" in place ? { offset: 0, length: 0 } : place;
    this.#write([line, request.customId, offset, length, fingerprint, state, result], request, line);
    if ("text" in place) this.#keepRequest(line, place);
    this.total++;
    this.#countModel(request);
    if (state === OPEN) this.#source.onOpen?.(request);
  }

  #keepRequest(line: number, { text, source = null }: { [key in keyof KeptRequest]: KeptRequest[key] | null }): void {
    this.#keep.run(line, text, source);
  }

  #countModel(request: BatchRequest): void {
    const model = modelOf(request);
    if (model === undefined) return;
    const count = this.models.get(model) ?? 0;
    // A column of names that are all different is no list of models.
    if (count > 0 || this.models.size < MOST_MODELS) this.models.set(model, count + 1);
  }

  /** The second of two requests that are the same gets a number behind its name. */
  #unused(name: string): string {
    const count = this.#namesakes.get(name) ?? (this.#lineOf.get(name) === undefined ? 0 : 1);
    if (count === 0) return name;
    this.#namesakes.set(name, count + 1);
    return `${name}-${count + 1}`;
  }

  #stateOf({ customId }: BatchRequest, fingerprint: Buffer, line: number): readonly [number, number | null] {
    if (this.#isFirst) {
      this.added++;
      return [OPEN, null];
    }
    const before = this.#before.get(fingerprint, customId);
    if (before !== undefined && integerIn(before, 2) === 1) return stateIn(before);
    if (before === undefined) this.added++;
    else this.changed++;
    this.firstChanged ??= line;
    const kept = this.#kept.get(customId, fingerprint);
    return kept === undefined ? [OPEN, null] : stateIn(kept);
  }

  #write(values: readonly SqlValue[], { customId }: BatchRequest, number: number): void {
    try {
      this.#insert.run(...values);
    } catch (error) {
      if (!hasCode(error, "SQLITE_CONSTRAINT")) throw error;
      const first = integerIn(this.#lineOf.get(customId), 0);
      const reason = `\`custom_id\` ${JSON.stringify(customId)} is doubled; line ${first} has it too`;
      throw new InputError(this.#source.name, number, reason);
    }
  }
}

function stateIn(row: Row): readonly [number, number | null] {
  const state = integerIn(row, 0);
  return state === SUCCEEDED || state === FAILED ? [state, integerIn(row, 1)] : [OPEN, null];
}

/** Puts by the results whose requests are not in the new input as they were. */
function keepRemoved(database: Database): number {
  database.exec(`INSERT OR IGNORE INTO kept SELECT old.custom_id, old.fingerprint, old.state, old.result FROM items AS old
    LEFT JOIN next_items AS new ON new.custom_id = old.custom_id AND new.fingerprint = old.fingerprint
    WHERE old.state <> ${OPEN} AND new.line IS NULL`);
  const removed = `SELECT count(*) FROM items WHERE custom_id NOT IN (SELECT custom_id FROM next_items)`;
  return integerIn(database.prepare(removed).get(), 0);
}
