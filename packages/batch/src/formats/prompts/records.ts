import { CsvError, type Info, parse } from "csv-parse";
import { InputError } from "../../errors.js";
import { isObject, parsedJson } from "../json.js";
import { type Line, LONGEST_LINE_BYTES } from "../lines.js";
import type { Fields, PromptFormat } from "./template.js";

/** A record of an input of prompts. */
export interface PromptRecord {
  /** The line that it begins in, or, in a CSV, that it ends in. From 1. */
  readonly line: number;
  readonly fields: Fields;
}

/** What the header of a CSV is told to. */
export type OnColumns = (columns: readonly string[]) => void;

/** The records of an input of prompts. @throws InputError naming the line of the first that cannot be read. */
export function recordsOf(
  format: PromptFormat,
  lines: AsyncIterable<readonly Line[]>,
  file: string,
  onColumns: OnColumns,
): AsyncIterable<PromptRecord> {
  if (format === "csv") return csvRecords(lines, file, onColumns);
  return format === "jsonl" ? jsonRecords(lines, file) : textRecords(lines);
}

/** A prompt per line; blank lines stand between prompts and are none. */
async function* textRecords(lines: AsyncIterable<readonly Line[]>): AsyncIterable<PromptRecord> {
  for await (const group of lines) {
    for (const { number, bytes } of group) {
      const prompt = withoutMark(bytes.toString("utf8"), number).replace(/\r$/, "");
      if (prompt.trim() !== "") yield { line: number, fields: { prompt } };
    }
  }
}

async function* jsonRecords(lines: AsyncIterable<readonly Line[]>, file: string): AsyncIterable<PromptRecord> {
  for await (const group of lines) {
    for (const { number, bytes } of group) {
      const text = withoutMark(bytes.toString("utf8"), number);
      if (text.trim() === "") continue;
      const fields = parsedJson(text);
      // The parser's own message quotes the text around the place, and that is a prompt.
      if (!isObject(fields)) throw new InputError(file, number, "not a JSON object");
      yield { line: number, fields };
    }
  }
}

async function* csvRecords(
  lines: AsyncIterable<readonly Line[]>,
  file: string,
  onColumns: OnColumns,
): AsyncIterable<PromptRecord> {
  const parser = parse({
    ...{ bom: true, info: true, skip_empty_lines: true, record_delimiter: ["\r\n", "\n"] },
    max_record_size: LONGEST_LINE_BYTES,
    columns: (header: string[]) => {
      onColumns(checkedColumns(header, file));
      return header;
    },
  });
  const feeding = feed(parser, lines);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: Info }>) {
      yield { line: info.lines, fields: record };
    }
  } catch (error) {
    throw csvProblem(error, file);
  } finally {
    parser.destroy();
    await feeding;
  }
}

/** Hands the lines on, no faster than they are taken; what breaks on the way breaks the parser. */
async function feed(parser: ReturnType<typeof parse>, lines: AsyncIterable<readonly Line[]>): Promise<void> {
  try {
    for await (const group of lines) {
      const text = group.map(({ bytes }) => bytes.toString("utf8")).join("\n");
      if (parser.destroyed) return;
      if (!parser.write(`${text}\n`))
        await new Promise<void>((resolve) => {
          parser.once("drain", resolve).once("close", resolve);
        });
    }
    parser.end();
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function checkedColumns(columns: readonly string[], file: string): readonly string[] {
  const doubled = columns.find((column, index) => columns.indexOf(column) !== index);
  if (doubled === undefined) return columns;
  throw new InputError(file, 1, `the column ${JSON.stringify(doubled)} is there twice`);
}

const CSV_REASONS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a field begins with a quote that is never closed",
  CSV_INVALID_CLOSING_QUOTE: "a quote ends a field, and more than a comma follows",
  INVALID_OPENING_QUOTE: "a quote stands in the middle of a field that does not begin with one",
  CSV_MAX_RECORD_SIZE: "the record is longer than the most that one may have",
};

/** The parser's own messages quote the file. */
function csvProblem(error: unknown, file: string): unknown {
  if (!(error instanceof CsvError)) return error;
  const { code } = error;
  const { lines } = error as { readonly lines?: unknown };
  const line = typeof lines === "number" ? lines : undefined;
  const isUneven = code.includes("INCONSISTENT");
  const reason = isUneven ? "the record has more or fewer fields than the header" : CSV_REASONS[code];
  return new InputError(file, line, reason ?? "not valid CSV", { cause: error });
}

/** Editors on some systems begin every text with a byte order mark. */
function withoutMark(text: string, line: number): string {
  return line === 1 && text.startsWith("\uFEFF") ? text.slice(1) : text;
}
