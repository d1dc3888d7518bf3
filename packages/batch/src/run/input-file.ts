import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { linesOf } from "../formats/lines.js";
import type { ImportReport } from "../journal/import.js";
import type { Journal } from "../journal/journal.js";

const BYTES_PER_READ = 1024 * 1024;

/** What a run reads. */
export interface InputFile {
  readonly file: string;
  /** The options that change what is sent. */
  readonly settings: string;
}

/**
 * Makes the journal's items from the input, unless they were made from the very same one: then nothing is parsed again.
 *
 * @returns What has changed, or `undefined` when nothing has.
 */
export async function importInput(journal: Journal, input: InputFile): Promise<ImportReport | undefined> {
  const known = journal.meta("input");
  const identity = async (): Promise<string> => JSON.stringify([await digestOf(input.file), input.settings]);
  if (known !== undefined && known === (await identity())) return undefined;
  const report = await journal.import({ ...input, lines: linesOf(piecesOf(input.file), input.file) });
  journal.setMeta("input", await identity());
  return report;
}

async function* piecesOf(file: string): AsyncIterable<Buffer> {
  for await (const piece of createReadStream(file, { highWaterMark: BYTES_PER_READ })) yield piece as Buffer;
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash("sha256");
  let size = 0;
  for await (const piece of piecesOf(file)) {
    digest.update(piece);
    size += piece.length;
  }
  return `${size}:${digest.digest("hex")}`;
}
