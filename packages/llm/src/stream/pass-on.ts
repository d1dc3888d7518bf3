import { type InterruptReason, RequestTimeoutError, StreamInterruptedError } from "../errors.js";
import type { Exchange } from "../exchange.js";
import { usageOfText } from "../usage.js";
import { classifyInside, type Wire } from "../wire.js";
import { type ChunkSink, type ChunkSource, streamOf } from "./direct-iteration.js";
import type { EventScanner } from "./scanner.js";
import type { BodySource } from "./source.js";
import { Watchdog } from "./watchdog.js";

/** The rest of a stream, one chunk for each that is asked for, after those that were read already. */
export function passOn(
  chunks: readonly Uint8Array[],
  source: BodySource,
  scanner: EventScanner,
  exchange: Exchange,
  wire: Wire,
): ReadableStream<Uint8Array> {
  return streamOf(new Passage(chunks, source, scanner, exchange, wire));
}

class Passage implements ChunkSource {
  readonly #read: Uint8Array[];
  readonly #source: BodySource;
  readonly #scanner: EventScanner;
  readonly #exchange: Exchange;
  readonly #wire: Wire;
  readonly #watchdog: Watchdog;
  #pendingError: unknown;
  #isReading = false;
  #isOver = false;
  // Made once: a stream of tokens is pulled thousands of times.
  readonly #readOn: () => void;
  #sink!: ChunkSink;

  constructor(
    chunks: readonly Uint8Array[],
    source: BodySource,
    scanner: EventScanner,
    exchange: Exchange,
    wire: Wire,
  ) {
    this.#read = [...chunks].reverse();
    this.#source = source;
    this.#scanner = scanner;
    this.#exchange = exchange;
    this.#wire = wire;
    const { betweenEventsMs } = wire.timeouts;
    this.#watchdog = new Watchdog(wire.clock, betweenEventsMs, () => {
      exchange.cut(new RequestTimeoutError("next event", betweenEventsMs));
    });
    this.#readOn = source.readTo(
      (chunk) => {
        this.#isReading = false;
        if (!this.#isOver) this.#arrived(chunk);
      },
      (error) => {
        this.#isReading = false;
        if (!this.#isOver) this.#broke(error);
      },
    );
  }

  pull(sink: ChunkSink): void {
    this.#sink = sink;
    const chunk = this.#read.pop();
    if (chunk) this.#sink.enqueue(chunk);
    else if (this.#pendingError !== undefined) this.#fail(this.#pendingError);
    // One read for each that was asked for, one after the other: a chunk that is handed on calls for the next.
    else if (!this.#isReading) {
      this.#isReading = true;
      this.#watchdog.begin();
      this.#readOn();
    }
  }

  #arrived(chunk: Uint8Array | undefined): void {
    if (chunk === undefined) {
      this.#close();
      return;
    }
    const before = this.#scanner.events;
    this.#scanner.feed(chunk);
    this.#watchdog.end(this.#scanner.events > before);
    this.#handOn(chunk, before);
  }

  #broke(error: unknown): void {
    if (this.#scanner.isFinished && !this.#exchange.end.aborted) this.#close();
    else this.#fail(this.#interruption(error));
  }

  async cancel(reason: unknown): Promise<void> {
    this.#end();
    await this.#source.cancel(reason);
  }

  #handOn(chunk: Uint8Array, eventsBefore: number): void {
    const { isBroken, isMalformed, error } = this.#scanner;
    if (!isBroken) {
      this.#sink.enqueue(chunk);
      return;
    }
    const healthy = this.#scanner.bytesBeforeBreak(chunk, eventsBefore);
    const decision = error && classifyInside(this.#wire, new Response(null), error);
    const broken = this.#interrupted(isMalformed ? "malformed" : "error-event", undefined, decision);
    this.#source.cancel(broken).catch(ignore);
    if (healthy === 0) this.#fail(broken);
    else {
      // What an erroring stream still holds is lost to its reader: the error waits until these were taken.
      this.#pendingError = broken;
      this.#sink.enqueue(chunk.subarray(0, healthy));
    }
  }

  #close(): void {
    const isWhole = this.#scanner.isFinished || this.#wire.dialect.omitsFinish === true;
    if (!isWhole) this.#fail(this.#interrupted("truncated"));
    else {
      this.#end();
      this.#sink.close();
    }
  }

  #fail(error: unknown): void {
    this.#end(error);
    this.#sink.error(error);
  }

  #end(error?: unknown): void {
    this.#isOver = true;
    this.#watchdog.stop();
    this.#source.release();
    this.#exchange.release();
    const { events, usageData, partial } = this.#scanner;
    if (error === undefined) partial.clear();
    this.#wire.onStreamEnd({ usage: usageOfText(usageData), events, error });
  }

  /** What the reader is told: the caller's own reason when it was the caller who left. */
  #interruption(error: unknown): unknown {
    if (!this.#exchange.end.aborted) return this.#interrupted("cut", error);
    if (!(error instanceof RequestTimeoutError)) return error;
    return this.#interrupted(error.waitedFor === "deadline" ? "deadline" : "stalled", error);
  }

  #interrupted(
    reason: InterruptReason,
    cause?: unknown,
    decision?: StreamInterruptedError["decision"],
  ): StreamInterruptedError {
    const { partial, events } = this.#scanner;
    return new StreamInterruptedError(reason, partial, events, decision, cause === undefined ? undefined : { cause });
  }
}

function ignore(): void {}
