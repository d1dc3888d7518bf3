/** Hands values from those who make them to one who takes them: who makes waits until it is taken, so that nothing gathers. */
export class Handover<T> implements AsyncIterable<T> {
  readonly #offered: { readonly value: T; readonly taken: () => void }[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;

  /** @returns When it was taken, or nobody takes any more. */
  give(value: T): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#offered.push({ value, taken: resolve });
      this.#wake?.();
    });
  }

  /** Nothing more comes, or nothing more is wanted. */
  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const next = this.#offered.shift();
        if (next) {
          try {
            yield next.value;
          } finally {
            next.taken();
          }
        } else if (this.#isOver) return;
        else await this.#more();
      }
    } finally {
      this.end();
      for (const { taken } of this.#offered.splice(0)) taken();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
