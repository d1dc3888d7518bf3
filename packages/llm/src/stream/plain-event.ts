import type { Shared } from "./event-log.js";

const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;
const LINE_FEED = 0x0a;
const UNDERSCORE = 0x5f;
const BRACE = { open: 0x7b, close: 0x7d } as const;

const EVENT = bytesOf("event: ");
const EVENT_ERROR = bytesOf("event: error");
const DATA = bytesOf("data: ");
const ERROR = bytesOf('error"');
const FINISH = bytesOf("finish");
const TYPE = bytesOf('type":');
const USAGE = bytesOf("usage");
const MESSAGE_STOP = bytesOf("message_s");
const RESPONSE = bytesOf("response.");
/** How the ends of a response begin: completed and cancelled, incomplete, failed. */
const RESPONSE_ENDS: ReadonlySet<number | undefined> = new Set(bytesOf("cif"));

/** How many spaces are looked past between a name and its value. */
const MOST_SPACES = 8;
/** No name that matters, with what is looked at of its value, is longer. */
const LONGEST = 32;
const NOTHING: Shared = { head: 0, tail: 0 };

/**
 * Where the data of the event that begins at `at` begins: behind `data: `, and behind the line with its name where it has
 * one. -1 for an event that begins in another way.
 */
export function dataStart(bytes: Uint8Array, at: number): number {
  let start = at;
  if (hasAt(bytes, at, EVENT)) {
    if (hasAt(bytes, at, EVENT_ERROR)) return -1;
    start = bytes.indexOf(LINE_FEED, at) + 1;
    if (start === 0) return -1;
  }
  return hasAt(bytes, start, DATA) ? start + DATA.length : -1;
}

/**
 * Whether an event, of a stream that has brought content, is more of the same: an object that names no error, no usage and
 * no end. Where it only may be one, the answer is `false`: whoever reads the event whole will say.
 *
 * @param like What it shares with an event that was plain: only what stands between is looked at.
 */
export function isPlain(bytes: Uint8Array, start: number, end: number, like: Shared = NOTHING): boolean {
  if (bytes[start] !== BRACE.open || bytes[end - 1] !== BRACE.close) return false;
  // A name that begins in the shared part may end, or have its value, behind it.
  const from = start + Math.max(0, like.head - LONGEST);
  const to = end - like.tail;
  for (let index = from; index < to; index++) if (bytes[index] === QUOTE && isTelling(bytes, index + 1)) return false;
  return true;
}

/** Whether the name that begins here, with its value, matters to the stream. */
function isTelling(bytes: Uint8Array, at: number): boolean {
  switch (bytes[at]) {
    case ERROR[0]:
      return hasAt(bytes, at, ERROR);
    case USAGE[0]:
      return hasAt(bytes, at, USAGE);
    case FINISH[0]:
      return hasAt(bytes, at, FINISH) && isText(bytes[reasonValue(bytes, at + FINISH.length)]);
    case TYPE[0]:
      return hasAt(bytes, at, TYPE) && isEnd(bytes, skipSpace(bytes, at + TYPE.length));
    default:
      return false;
  }
}

/** Behind `finish`: where the value begins, as in `_reason": "stop"` or `Reason":"STOP"`. */
function reasonValue(bytes: Uint8Array, at: number): number {
  const reason = bytes[at] === UNDERSCORE ? at + 1 : at;
  const colon = reason + 'reason"'.length;
  return bytes[colon] === COLON ? skipSpace(bytes, colon + 1) : -1;
}

/** A quote; or a space, where there are more of them than anybody writes: whoever reads the event whole will say. */
function isText(byte: number | undefined): boolean {
  return byte === QUOTE || (byte !== undefined && byte <= SPACE);
}

function isEnd(bytes: Uint8Array, at: number): boolean {
  if (!isText(bytes[at])) return false;
  if (bytes[at] !== QUOTE || hasAt(bytes, at + 1, MESSAGE_STOP)) return true;
  return hasAt(bytes, at + 1, RESPONSE) && RESPONSE_ENDS.has(bytes[at + 1 + RESPONSE.length]);
}

/** Where the next thing begins that is no space, a few spaces on at most. */
function skipSpace(bytes: Uint8Array, at: number): number {
  let index = at;
  while (index < at + MOST_SPACES && (bytes[index] ?? QUOTE) <= SPACE) index++;
  return index;
}

function hasAt(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return false;
  return true;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
