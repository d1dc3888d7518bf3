import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { InputError } from "../errors.js";
import { type BatchFiles, checkInput, checkLayout, checkOutput } from "../files.js";
import { type BatchRequest, checkedRequest, parseBatchRequest } from "../formats/batch-request.js";
import { type Line, linesOf } from "../formats/lines.js";
import { recordsOf } from "../formats/prompts/records.js";
import { type PromptFormat, type PromptOptions, Template } from "../formats/prompts/template.js";
import { keptText, type SourceRequest } from "../formats/source-request.js";
import { digestOf, hashed, isCompressed, piecesOf, unpacked } from "./input-bytes.js";

/** A request of an OpenAI Batch file, as a value. */
export interface BatchLine {
  readonly custom_id: string;
  /** @default "POST" */
  readonly method?: "POST" | undefined;
  /** @default "/v1/chat/completions" */
  readonly url?: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Requests as values. */
export type BatchLines = Iterable<BatchLine> | AsyncIterable<BatchLine>;

/** What an input is made of. */
export interface InputOptions {
  readonly input: string | BatchLines;
  readonly prompts?: PromptOptions | undefined;
  readonly model?: string | undefined;
}

/** Where the requests of a run come from. */
export interface Input {
  /** For messages. */
  readonly name: string;
  /** The file whose lines can be read again at their offsets; `undefined` where the journal keeps the requests. */
  readonly file: string | undefined;
  /** Whether its records are the rows of a CSV. */
  readonly isCsv: boolean;
  /** The options that change what is sent, as they enter a fingerprint. */
  readonly settings: string;
  /** Tells whether it is the input of the run before; `undefined` where that takes reading it all. */
  identity(): Promise<string | undefined>;
  /** Reads it from the beginning. */
  read(): InputReading;
}

/** One reading of an input. */
export interface InputReading {
  readonly requests: AsyncIterable<readonly SourceRequest[]>;
  /** The header of a CSV, once the first request was read. */
  readonly columns: readonly string[] | undefined;
  /** What was read, as {@link Input.identity} tells it; known at the end. */
  readonly identity: string | undefined;
}

/** The input of a run, once input and output are what they must be. @throws InputError, OutputError, OptionError */
export function checkedInput(options: InputOptions, files: BatchFiles): Input {
  if (typeof options.input === "string" && options.input !== "-") checkInput(options.input);
  const input = inputOf(options);
  checkOutput(files);
  checkLayout(files, input.isCsv);
  return input;
}

/** Makes an input of what the caller gave. @throws OptionError for a template that cannot be. */
export function inputOf({ input, prompts, model }: InputOptions): Input {
  if (typeof input !== "string") return valuesInput(input, settingsOf(model));
  const name = input === "-" ? "standard input" : input;
  const path = input === "-" ? "/dev/stdin" : input;
  const format = promptFormatOf(input, prompts);
  // The template is part of each body already; its other effects are part of the identity.
  const settings = settingsOf(format === undefined ? model : undefined);
  const isSeekable = statSync(path, { throwIfNoEntry: false })?.isFile() === true && input !== "-";
  const isPlain = format === undefined && isSeekable && !isCompressed(path);
  const making = JSON.stringify([settings, format, prompts, format && model]);
  const template = format === undefined ? undefined : new Template(prompts ?? {}, model);
  return {
    name,
    file: isPlain ? path : undefined,
    isCsv: format === "csv",
    settings,
    identity: async () => (isSeekable ? identityOf(await digestOf(path), making) : undefined),
    read: () => new FileReading({ path, name, making, isSeekable, isPlain, format, template }),
  };
}

function settingsOf(model: string | undefined): string {
  return model === undefined ? "{}" : JSON.stringify({ model });
}

function promptFormatOf(file: string, prompts: PromptOptions | undefined): PromptFormat | undefined {
  const extension = extname(basename(file, ".gz")).toLowerCase();
  const byName = extension === ".csv" ? "csv" : extension === ".txt" ? "text" : undefined;
  if (prompts === undefined) return byName;
  return prompts.format ?? byName ?? (extension === ".jsonl" || extension === ".ndjson" ? "jsonl" : "text");
}

interface FileReadingOptions {
  readonly path: string;
  readonly name: string;
  readonly making: string;
  readonly isSeekable: boolean;
  readonly isPlain: boolean;
  readonly format: PromptFormat | undefined;
  readonly template: Template | undefined;
}

class FileReading implements InputReading {
  columns: readonly string[] | undefined;
  readonly requests: AsyncIterable<readonly SourceRequest[]>;
  readonly #options: FileReadingOptions;
  readonly #hash = createHash("sha256");

  constructor(options: FileReadingOptions) {
    const { path, name, format, template } = options;
    this.#options = options;
    const lines = linesOf(unpacked(hashed(piecesOf(path), this.#hash), name), name);
    this.requests = template && format ? this.#prompts(lines, format, template) : this.#batchLines(lines);
  }

  get identity(): string | undefined {
    const { isSeekable, making } = this.#options;
    return isSeekable ? identityOf(this.#hash.copy().digest("hex"), making) : undefined;
  }

  async *#batchLines(lines: AsyncIterable<readonly Line[]>): AsyncIterable<readonly SourceRequest[]> {
    const { name, isPlain } = this.#options;
    for await (const group of lines) {
      yield group.map((line) => {
        const request = parseBatchRequest(line, name);
        const place = isPlain ? { offset: line.offset, length: line.bytes.length } : { text: keptText(request) };
        return { line: line.number, request, isNamedByContent: false, place };
      });
    }
  }

  async *#prompts(
    lines: AsyncIterable<readonly Line[]>,
    format: PromptFormat,
    template: Template,
  ): AsyncIterable<readonly SourceRequest[]> {
    const { name } = this.#options;
    const onColumns = (columns: readonly string[]): void => {
      this.columns = columns;
      for (const field of template.fields) if (!columns.includes(field)) throw noColumn(name, field, columns);
    };
    for await (const { line, fields } of recordsOf(format, lines, name, onColumns)) {
      const { columns } = this;
      const source = columns && JSON.stringify(columns.map((column) => fields[column]));
      const made = requestOf(template, fields, name, line);
      yield [{ line, ...made, place: { text: keptText(made.request), source } }];
    }
  }
}

function requestOf(
  template: Template,
  fields: Parameters<Template["request"]>[0],
  name: string,
  line: number,
): ReturnType<Template["request"]> {
  try {
    return template.request(fields);
  } catch (error) {
    throw error instanceof RangeError ? new InputError(name, line, error.message) : error;
  }
}

function noColumn(file: string, field: string, columns: readonly string[]): InputError {
  const known = columns.map((column) => JSON.stringify(column)).join(", ");
  return new InputError(file, 1, `there is no column ${JSON.stringify(field)}; the columns are ${known}`);
}

/** Requests that are handed over as values: kept in the journal, and read to their end before the first one is sent. */
function valuesInput(values: BatchLines, settings: string): Input {
  const name = "input";
  async function* requests(): AsyncIterable<readonly SourceRequest[]> {
    let line = 0;
    for await (const value of values) {
      line++;
      const request: BatchRequest = checkedRequest(
        { method: "POST", url: "/v1/chat/completions", ...value },
        (reason) => {
          throw new InputError(name, line, reason);
        },
      );
      yield [{ line, request, isNamedByContent: false, place: { text: keptText(request) } }];
    }
  }
  const nothingKnown = async (): Promise<undefined> => undefined;
  const read = (): InputReading => ({ requests: requests(), columns: undefined, identity: undefined });
  return { name, file: undefined, isCsv: false, settings, identity: nothingKnown, read };
}

function identityOf(digest: string, making: string): string {
  return JSON.stringify([digest, making]);
}
