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
 */
export function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== BRACE.open || bytes[end - 1] !== BRACE.close) return false;
  for (let index = start; index < end; index++) if (bytes[index] === QUOTE && isTelling(bytes, index + 1)) return false;
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
      return hasAt(bytes, at, FINISH) && bytes[reasonValue(bytes, at + FINISH.length)] === QUOTE;
    case TYPE[0]:
      return hasAt(bytes, at, TYPE) && isEnd(bytes, skipSpace(bytes, at + TYPE.length) + 1);
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

function isEnd(bytes: Uint8Array, at: number): boolean {
  if (hasAt(bytes, at, MESSAGE_STOP)) return true;
  return hasAt(bytes, at, RESPONSE) && RESPONSE_ENDS.has(bytes[at + RESPONSE.length]);
}

function skipSpace(bytes: Uint8Array, at: number): number {
  let index = at;
  while ((bytes[index] ?? QUOTE) <= SPACE) index++;
  return index;
}

function hasAt(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return false;
  return true;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
