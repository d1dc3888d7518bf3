import { guarded, type LiveAttempt } from "./attempt.js";
import { onAbort } from "./cancellation.js";

/** How a stream ended: well, or with its source's error. */
export type StreamEnd = { readonly error: unknown } | undefined;

/**
 * A stream whose first item is there: what an operation under `iterate` comes to. It is under way until its source has ended
 * or was closed; when its attempt is cut it closes itself, whoever has it in hand.
 */
export class OpenStream<T> {
  readonly attempt: LiveAttempt;
  readonly first: IteratorResult<T>;
  /** Resolves when it is under way no longer. */
  readonly ended: Promise<StreamEnd>;
  readonly #iterator: AsyncIterator<T>;
  #end!: (how?: StreamEnd) => void;
  #closing: Promise<unknown> | undefined;

  constructor(attempt: LiveAttempt, iterator: AsyncIterator<T>, first: IteratorResult<T>) {
    this.attempt = attempt;
    this.first = first;
    this.#iterator = iterator;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    if (first.done) this.#over();
    if (attempt.aborted) void this.close();
    else onAbort(attempt, () => void this.close());
  }

  async next(): Promise<IteratorResult<T>> {
    try {
      const next = await guarded(this.attempt, () => this.#iterator.next());
      if (next.done) this.#over();
      return next;
    } catch (error) {
      if (!this.attempt.aborted) this.#over({ error });
      throw error;
    }
  }

  /** Lets the source clean up, unless it is over. A source that hangs is not waited for once the stream was cut. */
  async close(): Promise<void> {
    this.#closing ??= (async () => this.#iterator.return?.())().finally(() => this.#end());
    if (this.attempt.aborted) this.#closing.catch(() => undefined);
    else await this.#closing;
  }

  /** What is over by itself has nothing to clean up. */
  #over(how?: StreamEnd): void {
    this.#closing = Promise.resolve();
    this.#end(how);
  }
}
