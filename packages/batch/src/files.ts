import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { InputError, OutputError } from "./errors.js";
import type { ResultLayout } from "./journal/output-lines.js";

/** The files of a batch. */
export interface BatchFiles {
  /** Requests that succeeded, one line each. */
  readonly results: string;
  /** Requests that failed for good, one line each. */
  readonly errors: string;
  /** What makes the batch resumable. */
  readonly journal: string;
}

/** The files that stand beside an output: `results.jsonl`, `results.errors.jsonl`, `results.jsonl.bide`. */
export function filesOf(output: string): BatchFiles {
  const { dir, name, ext } = parse(output);
  return { results: output, errors: join(dir, `${name}.errors${ext}`), journal: `${output}.bide` };
}

/** How results are laid out, by the name of their file. */
export function layoutOf({ results }: BatchFiles): ResultLayout {
  return parse(results).ext.toLowerCase() === ".csv" ? "csv" : "batch";
}

/** @throws OutputError for a CSV that would have no rows to go into. */
export function checkLayout(files: BatchFiles, isCsvInput: boolean): void {
  if (layoutOf(files) === "batch" || isCsvInput) return;
  throw new OutputError(
    files.results,
    "a CSV holds the rows of the CSV that came in, and no CSV came in; name it .jsonl",
  );
}

/** @throws InputError unless there is a file with something in it. */
export function checkInput(file: string): void {
  const stats = statOf(file);
  if (stats === undefined) throw new InputError(file, undefined, "no such file");
  if (stats.isDirectory()) throw new InputError(file, undefined, "is a folder, not a file of requests");
  if (stats.isFile() && stats.size === 0) throw new InputError(file, undefined, "the file is empty");
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new InputError(file, undefined, "may not be read", { cause });
  }
}

/** @throws OutputError unless the files can be written, and are this program's own where they exist. */
export function checkOutput({ results, errors, journal }: BatchFiles): void {
  const folder = dirname(results);
  if (!statOf(folder)?.isDirectory()) throw new OutputError(results, `the folder ${folder} does not exist`);
  if (statOf(results)?.isDirectory()) throw new OutputError(results, "is a folder, not a file");
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new OutputError(results, `the folder ${folder} may not be written`, { cause });
  }
  if (existsSync(journal)) return;
  for (const file of [results, errors]) {
    if (!existsSync(file)) continue;
    throw new OutputError(file, "exists, and no journal of bide stands beside it; move it away or choose another name");
  }
}

/** What stands at a path; nothing where a folder on the way is none. */
function statOf(path: string): ReturnType<typeof statSync> | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
