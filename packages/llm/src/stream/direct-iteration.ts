/** Where the chunks of a stream go: its controller, or whoever iterates it. */
export type ChunkSink = Pick<ReadableStreamDefaultController<Uint8Array>, "enqueue" | "close" | "error">;

/** A source that answers each `pull` once, sooner or later, with one of the sink's three. */
export interface ChunkSource {
  pull(sink: ChunkSink): void;
  cancel(reason: unknown): Promise<void>;
}

interface Taker {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A stream of the source's chunks, one for each that is asked for. Who iterates it with `for await`, as the clients do, is
 * served by the source itself: on the way through a stream's queue and the host's iterator, each chunk makes half a dozen
 * promises, and a stream of tokens is thousands of chunks.
 */
export function streamOf(source: ChunkSource): ReadableStream<Uint8Array> {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (made) => {
        controller = made;
      },
      pull: (made) => source.pull(made),
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const byHost = ReadableStream.prototype.values as typeof stream.values | undefined;
  const values = (options?: ReadableStreamIteratorOptions): AsyncIterator<Uint8Array, undefined> =>
    // Who reads on after an iteration needs the stream's own state; nobody does it for speed.
    options?.preventCancel && byHost ? byHost.call(stream, options) : new DirectIterator(source, stream, controller);
  return Object.defineProperties(stream, {
    values: { value: values, configurable: true, writable: true },
    [Symbol.asyncIterator]: { value: values, configurable: true, writable: true },
  });
}

/** Iterates a source under the lock of its stream, and leaves the stream as if it had been iterated itself. */
class DirectIterator implements AsyncIterableIterator<Uint8Array, undefined>, ChunkSink {
  readonly #source: ChunkSource;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #controller: ChunkSink;
  #taker: Taker | undefined;
  #asked: Promise<unknown> | undefined;
  /** The last of those who asked while another was asking; they are served in turn. */
  #last: Promise<unknown> | undefined;
  #isOver = false;
  // Made once: a stream of tokens is asked thousands of times.
  readonly #take = (resolve: Taker["resolve"], reject: Taker["reject"]): void => {
    this.#taker = { resolve, reject };
    this.#source.pull(this);
  };
  readonly #ask = (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (this.#isOver) return Promise.resolve(DONE);
    const asked = new Promise(this.#take);
    this.#asked = asked;
    return asked;
  };

  /** @throws TypeError when somebody else reads the stream. */
  constructor(source: ChunkSource, stream: ReadableStream<Uint8Array>, controller: ChunkSink) {
    this.#source = source;
    this.#reader = stream.getReader();
    this.#controller = controller;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#isBusy ? this.#later(this.#ask) : this.#ask();
  }

  return(reason?: unknown): Promise<IteratorResult<Uint8Array, undefined>> {
    const leave = (): Promise<IteratorResult<Uint8Array, undefined>> => this.#leave(reason);
    return this.#isBusy ? this.#later(leave) : leave();
  }

  enqueue(chunk: Uint8Array): void {
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.resolve({ done: false, value: chunk });
  }

  close(): void {
    this.#controller.close();
    this.#end()?.resolve(DONE);
  }

  error(error: unknown): void {
    this.#controller.error(error);
    this.#end()?.reject(error);
  }

  get #isBusy(): boolean {
    return this.#taker !== undefined || this.#last !== undefined;
  }

  #later<T>(step: () => Promise<T>): Promise<T> {
    const last = (this.#last ?? this.#asked ?? Promise.resolve()).then(step, step);
    const over = (): void => {
      if (this.#last === last) this.#last = undefined;
    };
    this.#last = last;
    last.then(over, over);
    return last;
  }

  async #leave(reason: unknown): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      const cancelled = this.#reader.cancel(reason);
      this.#reader.releaseLock();
      await cancelled;
    }
    return { done: true, value: reason as undefined };
  }

  #end(): Taker | undefined {
    const taker = this.#taker;
    this.#taker = undefined;
    this.#isOver = true;
    this.#reader.releaseLock();
    return taker;
  }
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
