import { joined, locate, type ReadAnswer } from "../answer.js";
import { AttemptFailure } from "../attempt-failure.js";
import { type InterruptReason, RequestTimeoutError, StreamInterruptedError } from "../errors.js";
import type { Exchange } from "../exchange.js";
import { rejectUnfit } from "../rejection.js";
import { usageOfText } from "../usage.js";
import { classifyInside, transient, type Wire } from "../wire.js";
import { passOn } from "./pass-on.js";
import { EventScanner } from "./scanner.js";
import { BodySource } from "./source.js";

/**
 * Reads a stream of events up to the first that brings something of the answer, and hands on the whole of it, byte by byte
 * as it came. What goes wrong until then is a failed attempt.
 */
export async function openStream(response: Response, exchange: Exchange, wire: Wire): Promise<Response> {
  if (response.body === null) throw broken(wire, "truncated", new EventScanner());
  const source = new BodySource(response.body, exchange);
  // What is looked at has to be whole; what only an interruption tells of need not be.
  const scanner = new EventScanner(wire.buffered && wire.check ? Number.POSITIVE_INFINITY : undefined);
  const chunks: Uint8Array[] = [];
  exchange.phase(wire.timeouts.firstEventMs, "first event");
  let isWhole = false;
  while (!isWhole && !isCommitted(scanner, wire)) {
    const chunk = await readOn(source, scanner, wire);
    isWhole = chunk === undefined;
    if (chunk === undefined) break;
    chunks.push(chunk);
    scanner.feed(chunk);
    if (scanner.isBroken) throw refused(response, chunks, source, scanner, wire);
  }
  if (isWhole && !scanner.isFinished && !wire.dialect.omitsFinish) throw broken(wire, "truncated", scanner);
  exchange.phase(Number.POSITIVE_INFINITY, "next event");
  if (!isWhole) return rebuilt(response, passOn(chunks, source, scanner, exchange, wire));
  source.release();
  const usage = usageOfText(scanner.usageData);
  if (wire.check) await rejectUnfit(scanner.partial.text || undefined, usage, exchange, wire);
  wire.onStreamEnd({ usage, events: scanner.events });
  return rebuilt(response, joined(chunks, sizeOf(chunks)) as Uint8Array<ArrayBuffer>);
}

function isCommitted(scanner: EventScanner, wire: Wire): boolean {
  return !wire.buffered && (scanner.hasContent || scanner.isFinished);
}

async function readOn(source: BodySource, scanner: EventScanner, wire: Wire): Promise<Uint8Array | undefined> {
  try {
    return await source.read();
  } catch (error) {
    // What the connection does after the last word of an answer is nobody's concern.
    if (scanner.isFinished && !(error instanceof RequestTimeoutError)) return undefined;
    throw new AttemptFailure(transient(wire, "stream.cut", "the stream broke before its first content"), {
      error,
      mayBeBilled: true,
    });
  }
}

/** An error event is the provider's word: the caller's client gets it as it came, should nothing better follow. */
function refused(
  response: Response,
  chunks: readonly Uint8Array[],
  source: BodySource,
  scanner: EventScanner,
  wire: Wire,
): AttemptFailure {
  // Whatever comes after it, or does not, is nobody's concern.
  source.cancel(undefined).catch(ignore);
  if (scanner.error === undefined) return broken(wire, "malformed", scanner);
  const { status, statusText, headers, url } = response;
  const head = joined(chunks, sizeOf(chunks));
  const answer: ReadAnswer = { status, statusText, headers, url, head, rest: undefined };
  return new AttemptFailure(classifyInside(wire, response, scanner.error), { answer });
}

function broken(wire: Wire, reason: InterruptReason, scanner: EventScanner): AttemptFailure {
  const error = new StreamInterruptedError(reason, scanner.partial, scanner.events);
  const decision = transient(wire, `stream.${reason}`, "the stream broke before its first content");
  return new AttemptFailure(decision, { error, mayBeBilled: true });
}

/** The same response with another body. */
export function rebuilt({ status, statusText, headers, url }: Response, body: BodyInit): Response {
  return locate(new Response(body, { status, statusText, headers }), url);
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

function ignore(): void {}
