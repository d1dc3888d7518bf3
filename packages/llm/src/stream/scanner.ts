import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser";
import type { JsonObject } from "../json.js";
import { glance, type Meaning, meaningOf } from "./meaning.js";
import { PartialAnswer } from "./partial.js";
import { dataStart, isPlain } from "./plain-event.js";

/** Reads along with a stream of events, without changing it. */
export class EventScanner {
  /** Complete events so far; comments are none. */
  events = 0;
  /** Something of the answer has come. */
  hasContent = false;
  /** The stream has said that the answer is whole. */
  isFinished = false;
  /** The first error that the stream carried. */
  error: JsonObject | undefined;
  /** An event was no JSON. */
  isMalformed = false;
  /** Of the last event with a `usage`, its data. */
  usageData: string | undefined;
  readonly partial: PartialAnswer;
  // Most streams need neither: both cost more than an event.
  #decoder: TextDecoder | undefined;
  #parser: EventSourceParser | undefined;
  /** The parser holds nothing of an event that is not whole. */
  #isBetweenEvents = true;
  /** The last event was more of the same. */
  #wasPlain = false;
  /** Where in the order of events the first broken one stood. */
  #brokenAt: number | undefined;

  /** @param mostKept How much of its events is kept for `partial`. */
  constructor(mostKept?: number) {
    this.partial = new PartialAnswer(mostKept);
  }

  /** Whether an event said that something is wrong. */
  get isBroken(): boolean {
    return this.#brokenAt !== undefined;
  }

  feed(chunk: Uint8Array): void {
    // Most chunks are whole events, which need neither parser nor decoder: those have nothing left of what came before.
    const read = this.#isBetweenEvents ? this.#readWhole(chunk) : 0;
    if (read === chunk.length) return;
    this.#parse(read === 0 ? chunk : chunk.subarray(read));
    this.#isBetweenEvents = chunk.at(-1) === LINE_FEED && chunk.at(-2) === LINE_FEED;
  }

  /** Of a chunk that was just fed and holds the broken event: how many of its bytes come before that event. */
  bytesBeforeBreak(chunk: Uint8Array, eventsBefore: number): number {
    const healthy = (this.#brokenAt ?? this.events) - eventsBefore;
    if (healthy <= 0) return 0;
    return endOfEvent(chunk, healthy, this.events - eventsBefore);
  }

  /** Reads the whole events that a chunk begins with, as far as they look like all the others; returns where they end. */
  #readWhole(chunk: Uint8Array): number {
    // It would end a line as well.
    if (chunk.includes(CARRIAGE_RETURN)) return 0;
    for (let at = 0; ; ) {
      const start = dataStart(chunk, at);
      const end = start < 0 ? -1 : chunk.indexOf(LINE_FEED, start);
      if (end < 0 || chunk[end + 1] !== LINE_FEED) return at;
      const shared = this.partial.shared(chunk, start, end);
      if (this.hasContent && isPlain(chunk, start, end, this.#wasPlain ? shared : undefined)) {
        this.events++;
        this.#wasPlain = true;
        if (!this.isBroken) this.partial.add(chunk, start, end, shared);
      } else if (start === at + DATA_LENGTH) {
        if (this.#isHealthy(undefined, TEXT.decode(chunk.subarray(start, end))))
          this.partial.add(chunk, start, end, shared);
      } else return at;
      at = end + 2;
    }
  }

  #parse(chunk: Uint8Array): void {
    this.#decoder ??= new TextDecoder();
    this.#parser ??= createParser({ onEvent: (message) => this.#onEvent(message) });
    this.#parser.feed(this.#decoder.decode(chunk, STREAMING));
  }

  #onEvent({ event, data }: EventSourceMessage): void {
    if (!this.#isHealthy(event, data)) return;
    const bytes = BYTES.encode(data);
    this.partial.add(bytes, 0, bytes.length);
  }

  /** Takes in what an event means, and whether nothing is wrong yet. */
  #isHealthy(event: string | undefined, data: string): boolean {
    this.events++;
    this.#wasPlain = false;
    if (this.isBroken) return false;
    const meaning: Meaning = this.hasContent ? glance(event, data) : meaningOf(event, data);
    if (meaning.error !== undefined || meaning.malformed) {
      this.#brokenAt = this.events - 1;
      this.error = meaning.error;
      this.isMalformed = meaning.malformed === true;
      return false;
    }
    if (meaning.finish) this.isFinished = true;
    if (meaning.content) this.hasContent = true;
    if (data.includes('"usage')) this.usageData = data;
    return true;
  }
}

const STREAMING = { stream: true } as const;
const DATA_LENGTH = "data: ".length;
const BYTES = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Where in a chunk its `count`th complete event ends. The chunk may begin in the middle of an event: how many events it
 * completed in `all` tells whether its first blank line ended one.
 */
function endOfEvent(chunk: Uint8Array, count: number, all: number): number {
  const pieces = piecesOf(chunk);
  const counts = pieces.map((piece) => eventsIn(chunk.subarray(piece.start, piece.end)));
  const later = counts.slice(1).reduce((sum, events) => sum + events, 0);
  counts[0] = all - later;
  let seen = 0;
  for (const [index, piece] of pieces.entries()) {
    seen += counts[index] ?? 0;
    if (seen >= count) return piece.end;
  }
  return 0;
}

interface Piece {
  readonly start: number;
  readonly end: number;
}

/** A chunk cut after each blank line. */
function piecesOf(chunk: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let lineStart = 0;
  for (let index = 0; index < chunk.length; index++) {
    const byte = chunk[index];
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
    const isBlank = index === lineStart;
    if (byte === CARRIAGE_RETURN && chunk[index + 1] === LINE_FEED) index++;
    lineStart = index + 1;
    if (!isBlank) continue;
    pieces.push({ start, end: lineStart });
    start = lineStart;
  }
  return pieces;
}

function eventsIn(piece: Uint8Array): number {
  let events = 0;
  createParser({ onEvent: () => events++ }).feed(new TextDecoder().decode(piece));
  return events;
}
