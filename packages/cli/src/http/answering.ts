import { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { RequestCut } from "@bide/llm";
import type { Dispatcher } from "undici";
import { AnswerHeaders, type HeaderFields } from "./answer-headers.js";
import { type AnswerHead, BufferedResponse } from "./buffered-response.js";

/** Statuses that have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Who waits for a response. */
export interface Waiter {
  /** What ends the wait, and the answer. */
  readonly cut: RequestCut | undefined;
  resolve(response: Response): void;
  reject(error: unknown): void;
}

/**
 * Makes a response of what undici reads: a stream of one that is a stream or compressed, and one piece of everything else. It
 * sits on undici's own interface, because the streams that `request` puts over it cost as much as the request.
 */
export class Answering implements Dispatcher.DispatchHandler {
  readonly #waiter: Waiter;
  #controller: Dispatcher.DispatchController | undefined;
  #head: AnswerHead | undefined;
  #chunks: Buffer[] = [];
  #body: Readable | undefined;
  readonly #release: (() => void) | undefined;
  readonly #cut = (): void => {
    const reason = this.#waiter.cut?.reason;
    // At once, also where the request stands in line for a connection.
    this.#waiter.reject(reason);
    this.#controller?.abort(reason as Error);
  };

  constructor(waiter: Waiter) {
    this.#waiter = waiter;
    this.#release = waiter.cut?.onAbort(this.#cut);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#waiter.cut?.aborted) this.#cut();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, fields: HeaderFields): void {
    // Only informs: the answer follows.
    if (status < 200) return;
    const encoding = fields["content-encoding"];
    if (encoding === undefined && !String(fields["content-type"]).startsWith("text/event-stream")) {
      this.#head = { status, headers: new AnswerHeaders(fields) };
      return;
    }
    const body = bodyOf(controller);
    this.#body = body;
    // What is no longer compressed has neither its encoding nor its length.
    const left =
      encoding === undefined ? fields : { ...fields, "content-encoding": undefined, "content-length": undefined };
    const stream = Readable.toWeb(decoded(body, encoding)) as ReadableStream<Uint8Array>;
    const headers = new Headers(new AnswerHeaders(left));
    this.#waiter.resolve(new Response(stream, { status, headers }));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body === undefined) this.#chunks.push(chunk);
    else if (!this.#body.push(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#release?.();
    if (this.#body) this.#body.push(null);
    else if (this.#head) this.#waiter.resolve(responseOf(this.#head, this.#chunks));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#release?.();
    if (this.#body) this.#body.destroy(error);
    else this.#waiter.reject(error);
  }
}

function responseOf(head: AnswerHead, chunks: readonly Buffer[]): Response {
  if (BODILESS.has(head.status)) return new Response(null, head);
  const [only] = chunks;
  // The parser's chunks are views into memory that is its own for good: one that is alone is the body.
  const body = only && chunks.length === 1 ? only : Buffer.concat(chunks);
  return new BufferedResponse(body as Uint8Array<ArrayBuffer>, head);
}

/** A body that is read as it comes, and no faster than it is taken. */
function bodyOf(controller: Dispatcher.DispatchController): Readable {
  return new Readable({
    read: () => controller.resume(),
    destroy: (error, done) => {
      // Nothing more comes of one that is over: then this does nothing.
      controller.abort(error ?? new Error("nobody reads the answer any more"));
      done(error);
    },
  });
}

/** Servers that compress unasked are read all the same. */
function decoded(body: Readable, encoding: string | readonly string[] | undefined): Readable {
  if (encoding === "gzip" || encoding === "x-gzip") return body.compose(createGunzip());
  if (encoding === "br") return body.compose(createBrotliDecompress());
  if (encoding === "deflate") return body.compose(createInflate());
  return body;
}
