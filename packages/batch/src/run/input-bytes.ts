import { createHash, type Hash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError } from "../errors.js";

/** What is read at once is parsed at once, and is in memory as long. */
const BYTES_PER_READ = 128 * 1024;

/** The bytes of a file, a piece at a time. */
export async function* piecesOf(path: string): AsyncIterable<Buffer> {
  for await (const piece of createReadStream(path, { highWaterMark: BYTES_PER_READ })) yield piece as Buffer;
}

/** The same pieces, each seen by a hash on its way. */
export async function* hashed(pieces: AsyncIterable<Buffer>, hash: Hash): AsyncIterable<Buffer> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

/** What a file holds, compressed or not. */
export async function* unpacked(pieces: AsyncIterable<Buffer>, name: string): AsyncIterable<Buffer> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const all = startingWith(first.value, iterator);
  if (!isGzip(first.value)) return yield* all;
  try {
    const gunzipped: Readable = pipeline(all, createGunzip(), () => undefined);
    for await (const piece of gunzipped) yield piece as Buffer;
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(name, undefined, "the gzip data is broken or ends too early", { cause });
  }
}

async function* startingWith(first: Buffer, rest: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** Whether a file begins as gzip does. */
export function isCompressed(path: string): boolean {
  const head = Buffer.alloc(2);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, 2, 0);
  } finally {
    closeSync(file);
  }
  return isGzip(head);
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The SHA-256 of a file. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of piecesOf(path)) hash.update(piece);
  return hash.digest("hex");
}
