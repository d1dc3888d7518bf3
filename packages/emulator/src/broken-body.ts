import type { Strike } from "./model/faults.js";
import type { Ending, Part } from "./reply.js";
import type { StreamEvent } from "./routes/route.js";

/** A body and how it ends. */
export interface Body {
  readonly parts: Iterable<Part>;
  readonly ending: Ending;
}

/** How often a stalled stream that keeps alive says so. */
const COMMENT_EVERY_MS = 1000;

const encoder = new TextEncoder();

/** A stream's events as a body, broken where a fault says so. */
export function streamBody(
  events: Iterable<StreamEvent>,
  strike: Strike | undefined,
  chunks: number,
  texts: { readonly errorFrame: string; readonly comment: string },
): Body {
  if (strike === undefined) return { parts: partsOf(events), ending: "end" };
  const breaksBefore = strike.chunkOf(chunks);
  const head = (): Iterable<Part> => upTo(events, breaksBefore);
  switch (strike.kind) {
    case "reset-body":
      return { parts: head(), ending: "reset" };
    case "stall-body":
      return { parts: head(), ending: "hang" };
    case "stall-comments":
      return { parts: thenComments(head(), texts.comment), ending: "hang" };
    case "truncate":
      return { parts: head(), ending: "end" };
    case "error-frame":
      return { parts: followedBy(head(), texts.errorFrame), ending: "end" };
    case "no-done":
      return { parts: partsOf(without(events, "done")), ending: "end" };
    case "malformed-chunk":
      return { parts: malformed(events, breaksBefore), ending: "end" };
    case "split-utf8":
      return { parts: splitInside(events), ending: "end" };
    case "empty-choices":
      return { parts: partsOf(emptyFirst(events)), ending: "end" };
    case "duplicate-usage":
      return { parts: partsOf(doubled(events)), ending: "end" };
    default:
      return { parts: partsOf(events), ending: "end" };
  }
}

/** One piece of JSON as a body, broken where a fault says so. */
export function wholeBody(text: string, atMs: number, strike: Strike | undefined): Body {
  const half = [{ atMs, data: text.slice(0, Math.floor(text.length / 2)) }];
  switch (strike?.kind) {
    case "reset-body":
      return { parts: half, ending: "reset" };
    case "stall-body":
      return { parts: half, ending: "hang" };
    case "truncate":
      return { parts: half, ending: "end" };
    default:
      return { parts: [{ atMs, data: text }], ending: "end" };
  }
}

/** The events as they are. */
function partsOf(events: Iterable<StreamEvent>): Iterable<Part> {
  return events;
}

function* upTo(events: Iterable<StreamEvent>, chunk: number): Generator<StreamEvent> {
  let seen = 0;
  for (const event of events) {
    if (event.kind === "content" && seen++ === chunk) return;
    // A fault that stands after the last content chunk still keeps the stream from ending well.
    if (event.kind !== "open" && event.kind !== "content") return;
    yield event;
  }
}

function* thenComments(parts: Iterable<Part>, comment: string): Generator<Part> {
  let atMs = 0;
  for (const part of parts) {
    atMs = part.atMs;
    yield part;
  }
  for (;;) {
    atMs += COMMENT_EVERY_MS;
    yield { atMs, data: `${comment}\n\n` };
  }
}

function* followedBy(parts: Iterable<Part>, data: string): Generator<Part> {
  let atMs = 0;
  for (const part of parts) {
    atMs = part.atMs;
    yield part;
  }
  yield { atMs, data };
}

function* without(events: Iterable<StreamEvent>, kind: StreamEvent["kind"]): Generator<StreamEvent> {
  for (const event of events) if (event.kind !== kind) yield event;
}

function* malformed(events: Iterable<StreamEvent>, chunk: number): Generator<StreamEvent> {
  let seen = 0;
  for (const event of events) {
    const hit = event.kind === "content" && seen++ === chunk;
    yield hit ? { ...event, data: `${event.data.slice(0, Math.ceil(event.data.length / 2)).trimEnd()}\n\n` } : event;
  }
}

/** Every event in two packets, cut inside a character of several bytes where there is one. */
function* splitInside(events: Iterable<StreamEvent>): Generator<Part> {
  for (const { atMs, data } of events) {
    const bytes = encoder.encode(data);
    const wide = bytes.findIndex((byte) => byte >= 0xc0);
    const cut = wide === -1 ? Math.floor(bytes.length / 2) : wide + 1;
    yield { atMs, data: bytes.subarray(0, cut) };
    yield { atMs: atMs + 1, data: bytes.subarray(cut) };
  }
}

function* emptyFirst(events: Iterable<StreamEvent>): Generator<StreamEvent> {
  let first = true;
  for (const event of events) {
    const data = first ? withoutChoices(event.data) : undefined;
    if (data !== undefined) yield { ...event, data, tokens: 0 };
    first = false;
    yield event;
  }
}

/** A chat chunk with an empty list, a Gemini chunk without candidates; nothing for streams that have no such thing. */
function withoutChoices(data: string): string | undefined {
  if (data.startsWith('data: {"candidates"')) return data.replace(/"candidates":\[.*\],(?="usageMetadata")/s, "");
  if (!data.startsWith('data: {"id":"chatcmpl')) return undefined;
  return data.replace(/"choices":\[.*?\](,"usage":null)?\}\n\n$/s, '"choices":[]$1}\n\n');
}

function* doubled(events: Iterable<StreamEvent>): Generator<StreamEvent> {
  for (const event of events) {
    if (event.kind === "usage") yield event;
    yield event;
  }
}
