/** Passes items from one async flow to another, one at a time: the giver waits until its item was asked for. */
export class Handover<T> {
  #taker: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void } | undefined;
  #waiting: { readonly item: T; readonly taken: () => void } | undefined;
  #ended: { readonly failed?: true; readonly error?: unknown } | undefined;

  /** Resolves when the item was taken, or nobody will take it any more. */
  give(item: T): Promise<void> {
    if (this.#ended) return Promise.resolve();
    if (this.#taker) {
      this.#taker.resolve({ done: false, value: item });
      this.#taker = undefined;
      return Promise.resolve();
    }
    return new Promise((taken) => {
      // An item of an attempt that was cut meanwhile makes room for its successor's.
      this.#waiting?.taken();
      this.#waiting = { item, taken };
    });
  }

  take(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting) {
      const { item, taken } = this.#waiting;
      this.#waiting = undefined;
      taken();
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#ended?.failed) return Promise.reject(this.#ended.error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  end(): void {
    this.#ended ??= {};
    this.#taker?.resolve({ done: true, value: undefined });
    this.#waiting?.taken();
  }

  fail(error: unknown): void {
    this.#ended ??= { failed: true, error };
    this.#taker?.reject(error);
  }
}
