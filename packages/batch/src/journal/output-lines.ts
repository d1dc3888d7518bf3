import { crc32 } from "node:zlib";
import { JournalError } from "../errors.js";
import { csvRow, toldBy } from "../formats/csv-result.js";
import { parsedJson } from "../formats/json.js";
import type { Database, Row } from "./database.js";
import { integerIn, optionalTextIn, textIn } from "./row.js";
import { FAILED, SUCCEEDED } from "./schema.js";

/** In which order results are written. */
export type ResultOrder = "input" | "completion";

/** How results are laid out: as lines of the Batch API, or as the rows of the CSV that the prompts came from. */
export type ResultLayout = "batch" | "csv";

/** Which lines of an output are wanted. */
export interface OutputLines {
  readonly state: "succeeded" | "failed";
  /** The journal's file, for messages. */
  readonly file: string;
  /** @default "input" */
  readonly order?: ResultOrder | undefined;
  /** @default "batch" */
  readonly layout?: ResultLayout | undefined;
}

/** The output lines of one state. @throws JournalError for a line that is not as it was written. */
export function* outputLinesIn(database: Database, wanted: OutputLines): Iterable<string> {
  const { state, file, order = "input", layout = "batch" } = wanted;
  const columns = layout === "csv" ? columnsIn(database) : [];
  const rows = (order === "input" ? inInputOrder : inCompletionOrder)(database, state);
  let isFirst = layout === "csv";
  for (const row of rows) {
    const line = resultIn(row, 0, textIn(row, 2), file);
    if (isFirst) yield csvRow([...columns, state === "succeeded" ? "answer" : "error"]);
    isFirst = false;
    yield layout === "batch" ? line : csvRow([...fieldsIn(optionalTextIn(row, 3)), toldBy(line, state)]);
  }
  // No answer is no reason to have no header.
  if (isFirst && state === "succeeded") yield csvRow([...columns, "answer"]);
}

const RESULTS = `SELECT results.line, results.checksum, items.custom_id, requests.source FROM items
  JOIN results ON results.id = items.result LEFT JOIN requests ON requests.line = items.line`;

function inInputOrder(database: Database, state: OutputLines["state"]): Iterable<Row> {
  return database.prepare(`${RESULTS} WHERE items.state = ? ORDER BY items.line`).rows(stateOf(state));
}

/** Sorts numbers, and looks each result up: sorted as they are, all of them would be written once more. */
function* inCompletionOrder(database: Database, state: OutputLines["state"]): Iterable<Row> {
  const result = database.prepare(`${RESULTS} WHERE items.line = ?`);
  const lines = database.prepare("SELECT line FROM items WHERE state = ? ORDER BY result").rows(stateOf(state));
  for (const line of lines) {
    const row = result.get(integerIn(line, 0));
    if (row !== undefined) yield row;
  }
}

function stateOf(state: OutputLines["state"]): number {
  return state === "succeeded" ? SUCCEEDED : FAILED;
}

/** The output line in a column, its checksum in the next. @throws JournalError where they disagree. */
export function resultIn(row: Row, column: number, customId: string, file: string): string {
  const line = textIn(row, column);
  if (crc32(line) === integerIn(row, column + 1)) return line;
  const which = `the result of ${JSON.stringify(customId)} is not as it was written`;
  throw new JournalError("damaged", file, `${which}; the journal is damaged or was edited`);
}

/** The header of the CSV that the prompts came from; none where they came from elsewhere. */
export function columnsIn(database: Database): readonly string[] {
  const row = database.prepare("SELECT value FROM meta WHERE name = 'columns'").get();
  return fieldsIn(row && textIn(row, 0));
}

function fieldsIn(text: string | undefined): readonly string[] {
  const value = text === undefined ? undefined : parsedJson(text);
  return Array.isArray(value) ? value.map((field) => String(field ?? "")) : [];
}
