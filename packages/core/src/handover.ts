type Taken<T> = IteratorResult<T, undefined>;

/** Passes items from one async flow to another, one at a time: the giver waits until its item was asked for. */
export class Handover<T> {
  #taker: ((result: Taken<T> | Promise<Taken<T>>) => void) | undefined;
  #waiting: { readonly item: T; readonly taken: () => void } | undefined;
  /** What everybody gets who comes late. */
  #ended: Promise<Taken<T>> | undefined;

  /** Resolves when the item was taken, or nobody will take it any more. */
  give(item: T): Promise<void> | undefined {
    if (this.#ended !== undefined) return undefined;
    if (this.#taker) {
      this.#taker({ done: false, value: item });
      this.#taker = undefined;
      return undefined;
    }
    return new Promise((taken) => {
      // An item of an attempt that was cut meanwhile makes room for its successor's.
      this.#waiting?.taken();
      this.#waiting = { item, taken };
    });
  }

  take(): Promise<Taken<T>> {
    if (this.#waiting) {
      const { item, taken } = this.#waiting;
      this.#waiting = undefined;
      taken();
      return Promise.resolve({ done: false, value: item });
    }
    return (
      this.#ended ??
      new Promise((resolve) => {
        this.#taker = resolve;
      })
    );
  }

  end(): void {
    this.#end(Promise.resolve({ done: true, value: undefined }));
  }

  fail(error: unknown): void {
    this.#end(Promise.reject(error));
  }

  #end(how: Promise<Taken<T>>): void {
    // Perhaps nobody comes to hear of it.
    how.catch(() => undefined);
    this.#ended ??= how;
    this.#taker?.(how);
    this.#waiting?.taken();
  }
}
