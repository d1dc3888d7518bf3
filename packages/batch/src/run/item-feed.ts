import { type FileHandle, open } from "node:fs/promises";
import { InputError } from "../errors.js";
import { type BatchRequest, parseBatchRequest } from "../formats/batch-request.js";
import { withModel } from "../formats/request-facts.js";
import { parseKept } from "../formats/source-request.js";
import { fingerprintOf } from "../journal/fingerprint.js";
import type { Journal } from "../journal/journal.js";
import type { Item } from "../journal/records.js";
import type { Input } from "./input.js";

/** An item with the request that its line holds. */
export interface OpenRequest {
  readonly item: Item;
  readonly request: BatchRequest;
  /** How many requests left for it in this run, before it was given back. @default 0 */
  readonly sent?: number | undefined;
}

/** What a feed reads. */
export interface FeedSource {
  readonly journal: Journal;
  readonly input: Pick<Input, "name" | "file" | "settings">;
  /** Sent in place of the model that a request names. */
  readonly model?: string | undefined;
  /** The most items that are read. @default Infinity */
  readonly limit?: number | undefined;
  /** As `limit`, spread evenly over what is open. */
  readonly sample?: number | undefined;
}

/** What waits here longer than a collection of the young takes to come round is promoted, and then lies about till a full one. */
const ITEMS_PER_READ = 64;
/** Lines that stand together are read together, up to this many bytes. */
const MOST_BYTES_PER_READ = 1024 * 1024;

/** As {@link openRequestGroups}, one at a time. */
export async function* openRequests(source: FeedSource): AsyncGenerator<OpenRequest, void, void> {
  for await (const requests of openRequestGroups(source)) yield* requests;
}

/**
 * The open items of a journal with their requests, read from the input by offset when they are asked for: those that stand
 * together in one read.
 *
 * @throws InputError when a line is not what it was when the file was checked.
 */
export async function* openRequestGroups(source: FeedSource): AsyncGenerator<readonly OpenRequest[], void, void> {
  const { file } = source.input;
  const handle = file === undefined ? undefined : await open(file, "r");
  try {
    let left = source.limit ?? Number.POSITIVE_INFINITY;
    for (const items of itemsOf(source)) {
      for (const run of togetherIn(items)) {
        if (left <= 0) return;
        const wanted = run.slice(0, left);
        left -= wanted.length;
        yield handle ? await readRun(handle, wanted, source) : keptRun(wanted, source);
      }
    }
  } finally {
    await handle?.close();
  }
}

/** The open items that are wanted, some at a time. */
function* itemsOf({ journal, sample }: FeedSource): Iterable<readonly Item[]> {
  if (sample !== undefined) {
    for (const line of journal.sampledLines(sample)) yield journal.openItems(line - 1, 1);
    return;
  }
  for (let last = 0; ; ) {
    const items = journal.openItems(last, ITEMS_PER_READ);
    if (items.length === 0) return;
    yield items;
    last = items[items.length - 1]?.line ?? last;
  }
}

/** Items in groups whose lines lie so close that one read gets them all. */
function* togetherIn(items: readonly Item[]): Iterable<readonly Item[]> {
  let run: Item[] = [];
  for (const item of items) {
    const first = run[0];
    if (first !== undefined && item.offset + item.length - first.offset > MOST_BYTES_PER_READ) {
      yield run;
      run = [];
    }
    run.push(item);
  }
  if (run.length > 0) yield run;
}

async function readRun(handle: FileHandle, run: readonly Item[], source: FeedSource): Promise<OpenRequest[]> {
  const [first] = run;
  const last = run[run.length - 1];
  if (first === undefined || last === undefined) return [];
  const buffer = Buffer.alloc(last.offset + last.length - first.offset);
  await handle.read(buffer, 0, buffer.length, first.offset);
  return run.map((item) => {
    const begin = item.offset - first.offset;
    return requestOf(item, buffer.subarray(begin, begin + item.length), source);
  });
}

/** Requests that the journal keeps. */
function keptRun(run: readonly Item[], source: FeedSource): OpenRequest[] {
  const kept = source.journal.keptRequests(run[0]?.line ?? 0, run[run.length - 1]?.line ?? 0);
  return run.map((item) => {
    const { url, body } = parseKept(kept.get(item.line) ?? "");
    return openRequest(item, { customId: item.customId, url, body }, source);
  });
}

function requestOf(item: Item, bytes: Buffer, source: FeedSource): OpenRequest {
  const { name, settings } = source.input;
  const changed = (): InputError =>
    new InputError(name, item.line, "the line has changed since the run began; run the same command again");
  let request: BatchRequest;
  try {
    request = parseBatchRequest({ number: item.line, offset: item.offset, bytes }, name);
  } catch {
    throw changed();
  }
  if (!fingerprintOf(request, settings).equals(item.fingerprint)) throw changed();
  return openRequest(item, request, source);
}

function openRequest(item: Item, request: BatchRequest, { model }: FeedSource): OpenRequest {
  return { item, request: withModel(request, model) };
}
