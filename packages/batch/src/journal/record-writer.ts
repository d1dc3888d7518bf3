import { crc32 } from "node:zlib";
import { batchResponseLine, isSuccess } from "../formats/batch-response.js";
import { Bulk } from "./bulk.js";
import type { Database } from "./database.js";
import type { AttemptRecord, ItemRecord } from "./records.js";
import { integerIn } from "./row.js";
import { FAILED, SUCCEEDED } from "./schema.js";

/** Writes what became of items: each of their requests, the output line, and that they are done. */
export class RecordWriter {
  readonly #attempts: Bulk;
  readonly #results: Bulk;
  readonly #done: Bulk;
  #lastResult: number;

  constructor(database: Database) {
    const columns = ATTEMPT_COLUMNS.split(", ").length;
    this.#attempts = new Bulk(database, (rows) => `INSERT INTO attempts (${ATTEMPT_COLUMNS}) VALUES ${rows}`, columns);
    this.#results = new Bulk(database, (rows) => `INSERT INTO results VALUES ${rows}`, 3);
    this.#done = new Bulk(
      database,
      (rows) => `UPDATE items SET state = done.column2, result = done.column3 FROM (VALUES ${rows}) AS done
        WHERE items.line = done.column1`,
      3,
    );
    this.#lastResult = integerIn(database.prepare("SELECT coalesce(max(id), 0) FROM results").get(), 0);
  }

  /** @param line The output line of a record with an outcome. */
  add({ item, attempts, outcome }: ItemRecord, line: string | undefined): void {
    for (const attempt of attempts) this.#addAttempt(item.customId, attempt);
    if (outcome === undefined || line === undefined) return;
    const id = ++this.#lastResult;
    this.#results.add([id, line, crc32(line)]);
    this.#done.add([item.line, isSuccess(outcome) ? SUCCEEDED : FAILED, id]);
  }

  /** Writes what is still held back, so that a transaction has all of it. */
  flush(): void {
    this.#attempts.flush();
    this.#results.flush();
    this.#done.flush();
  }

  #addAttempt(customId: string, attempt: AttemptRecord): void {
    const { number, startedMs, waitedMs, queuedMs = 0, tookMs, inputTokens, outputTokens, cachedTokens = 0 } = attempt;
    const { status = null, code = null, class: type = null, model = null } = attempt;
    const { endpoint = 0, maxTokens = null, cost = null, worker = null } = attempt;
    this.#attempts.add([
      customId,
      number,
      Math.round(startedMs),
      Math.round(waitedMs),
      Math.round(queuedMs),
      Math.round(tookMs),
      status,
      code,
      type,
      model,
      endpoint,
      inputTokens,
      outputTokens,
      cachedTokens,
      maxTokens,
      cost,
      worker,
    ]);
  }
}

const ATTEMPT_COLUMNS =
  "custom_id, number, started_ms, waited_ms, queued_ms, took_ms, status, code, class, model, " +
  "endpoint, input_tokens, output_tokens, cached_tokens, max_tokens, cost, worker";

/** The output line of an item; none while it is open. */
export function outputLineOf({ item, outcome }: ItemRecord): string | undefined {
  const id = item.fingerprint.toString("hex", 0, 12);
  return outcome && batchResponseLine(id, item.customId, outcome);
}
