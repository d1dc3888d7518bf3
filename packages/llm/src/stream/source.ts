import { onAbort } from "bide/kit";
import type { Cut } from "../cut.js";
import type { Exchange } from "../exchange.js";

/** A body as chunks, cut when its exchange is. */
export class BodySource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #end: Cut;
  readonly #release: () => void;
  // Made once: a stream of tokens reads thousands of times.
  readonly #onRead = ({ value }: { readonly value?: Uint8Array | undefined }): Uint8Array | undefined => {
    if (this.#end.aborted) throw this.#end.reason;
    return value;
  };
  readonly #onError = (error: unknown): never => {
    throw this.#end.aborted ? this.#end.reason : error;
  };
  readonly #cut = (): void => {
    // A read that is pending ends with it, also where the one who sends knows no signals.
    this.#reader.cancel(this.#end.reason).catch(ignore);
  };

  constructor(body: ReadableStream<Uint8Array>, exchange: Exchange) {
    this.#reader = body.getReader();
    this.#end = exchange.end;
    this.#release = onAbort(this.#end, this.#cut);
  }

  /** The next chunk; `undefined` at the end. @throws what broke it: the reason of the cut, or the network's error. */
  read(): Promise<Uint8Array | undefined> {
    return this.#reader.read().then(this.#onRead, this.#onError);
  }

  /**
   * Reads chunk by chunk without a promise of its own for each: every call of the function that is returned tells one of the
   * two, with what {@link BodySource.read} would resolve or reject with; what `onChunk` throws is told to `onError`.
   */
  readTo(onChunk: (chunk: Uint8Array | undefined) => void, onError: (error: unknown) => void): () => void {
    const end = this.#end;
    const read = ({ value }: { readonly value?: Uint8Array | undefined }): void => {
      try {
        end.throwIfAborted();
        onChunk(value);
      } catch (error) {
        onError(error);
      }
    };
    const broke = (error: unknown): void => onError(end.aborted ? end.reason : error);
    return () => {
      this.#reader.read().then(read, broke);
    };
  }

  async cancel(reason: unknown): Promise<void> {
    this.release();
    await this.#reader.cancel(reason);
  }

  /** Nobody reads on. */
  release(): void {
    this.#release();
  }
}

function ignore(): void {}
