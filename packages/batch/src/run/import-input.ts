import type { BatchRequest } from "../formats/batch-request.js";
import type { ImportReport, ImportSource } from "../journal/import.js";
import type { Journal } from "../journal/journal.js";
import type { Input } from "./input.js";

/**
 * Makes the journal's items from the input, unless they were made from the very same one: then nothing is parsed again.
 *
 * @returns What has changed, or `undefined` when nothing has.
 */
export async function importInput(
  journal: Journal,
  input: Input,
  signals: ImportSource["signals"] = [],
): Promise<ImportReport | undefined> {
  const known = journal.meta("input");
  if (known !== undefined && known === (await input.identity())) return undefined;
  const reading = input.read();
  const { name, settings } = input;
  const report = await journal.import({ name, settings, requests: reading.requests, signals });
  journal.setMeta("columns", JSON.stringify(reading.columns ?? null));
  journal.setMeta("input", reading.identity ?? "");
  return report;
}

/** Reads the whole input as {@link importInput} does, and leaves the journal as it was. */
export function tryInput(
  journal: Journal,
  input: Input,
  onOpen: (request: BatchRequest) => void,
): Promise<ImportReport> {
  const { name, settings } = input;
  return journal.import({ name, settings, requests: input.read().requests, onOpen, isTrial: true });
}
