import { InputError } from "../errors.js";
import { type BatchRequest, parseBatchRequest } from "../formats/batch-request.js";
import type { Line } from "../formats/lines.js";
import type { Database, Row, SqlValue, Statement } from "./database.js";
import { fingerprintOf } from "./fingerprint.js";
import { rollBack } from "./group-commit.js";
import { hasCode } from "./problems.js";
import { integerIn } from "./row.js";
import { FAILED, itemsTable, OPEN, OPEN_ITEMS_INDEX, SUCCEEDED } from "./schema.js";

/** What an input brought, held against the one before. */
export interface ImportReport {
  readonly total: number;
  /** Requests that the journal had not seen before. */
  readonly added: number;
  /** Requests whose `custom_id` was there with another body, endpoint or setting: they run again. */
  readonly changed: number;
  /** Requests that are no longer in the input. Their results stay in the journal and out of the output. */
  readonly removed: number;
}

/** What an import reads and under which settings. */
export interface ImportSource {
  readonly file: string;
  readonly lines: AsyncIterable<readonly Line[]>;
  /** The options that change what is sent. */
  readonly settings: string;
}

/**
 * Checks every line and makes the journal's table of items from them, keeping the results of lines that are the same as
 * before. All of it or nothing: a bad line leaves the journal as it was.
 *
 * @throws InputError naming the first bad line.
 */
export async function importItems(database: Database, source: ImportSource): Promise<ImportReport> {
  database.exec("BEGIN IMMEDIATE");
  try {
    const report = await replaceItems(database, source);
    database.exec("COMMIT");
    return report;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

async function replaceItems(database: Database, source: ImportSource): Promise<ImportReport> {
  database.exec("DROP TABLE IF EXISTS next_items");
  database.exec(itemsTable("next_items"));
  const importer = new Importer(database, source);
  for await (const lines of source.lines) for (const line of lines) importer.add(line);
  if (importer.total === 0) throw new InputError(source.file, undefined, "the file holds no requests");
  const removed = keepRemoved(database);
  database.exec("DROP TABLE items");
  database.exec("ALTER TABLE next_items RENAME TO items");
  database.exec(OPEN_ITEMS_INDEX);
  const { total, added, changed } = importer;
  return { total, added, changed, removed };
}

class Importer {
  total = 0;
  added = 0;
  changed = 0;
  readonly #source: ImportSource;
  readonly #isFirst: boolean;
  readonly #insert: Statement;
  readonly #before: Statement;
  readonly #kept: Statement;
  readonly #lineOf: Statement;

  constructor(database: Database, source: ImportSource) {
    this.#source = source;
    this.#isFirst = database.prepare("SELECT 1 FROM items LIMIT 1").get() === undefined;
    this.#insert = database.prepare("INSERT INTO next_items VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#before = database.prepare("SELECT state, result, fingerprint = ? FROM items WHERE custom_id = ?");
    this.#kept = database.prepare("SELECT state, result FROM kept WHERE custom_id = ? AND fingerprint = ?");
    this.#lineOf = database.prepare("SELECT line FROM next_items WHERE custom_id = ?");
  }

  add(line: Line): void {
    const request = parseBatchRequest(line, this.#source.file);
    const fingerprint = fingerprintOf(request, this.#source.settings);
    const [state, result] = this.#stateOf(request, fingerprint);
    const { number, offset, bytes } = line;
    this.#write([number, request.customId, offset, bytes.length, fingerprint, state, result], request, number);
    this.total++;
  }

  #stateOf({ customId }: BatchRequest, fingerprint: Buffer): readonly [number, number | null] {
    if (this.#isFirst) {
      this.added++;
      return [OPEN, null];
    }
    const before = this.#before.get(fingerprint, customId);
    if (before !== undefined && integerIn(before, 2) === 1) return stateIn(before);
    if (before === undefined) this.added++;
    else this.changed++;
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
      throw new InputError(this.#source.file, number, reason);
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
