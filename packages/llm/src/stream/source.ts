import type { Exchange } from "../exchange.js";

/** A body as chunks, cut when its exchange is. */
export class BodySource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #exchange: Exchange;
  readonly #cut = (): void => {
    // A read that is pending ends with it, also where the one who sends knows no signals.
    this.#reader.cancel(this.#exchange.signal.reason).catch(ignore);
  };

  constructor(body: ReadableStream<Uint8Array>, exchange: Exchange) {
    this.#reader = body.getReader();
    this.#exchange = exchange;
    exchange.signal.addEventListener("abort", this.#cut, { once: true });
  }

  /** The next chunk; `undefined` at the end. @throws what broke it: the reason of the cut, or the network's error. */
  async read(): Promise<Uint8Array | undefined> {
    try {
      const { value } = await this.#reader.read();
      this.#exchange.signal.throwIfAborted();
      return value;
    } catch (error) {
      throw this.#exchange.signal.aborted ? this.#exchange.signal.reason : error;
    }
  }

  async cancel(reason: unknown): Promise<void> {
    this.release();
    await this.#reader.cancel(reason);
  }

  /** Nobody reads on. */
  release(): void {
    this.#exchange.signal.removeEventListener("abort", this.#cut);
  }
}

function ignore(): void {}
