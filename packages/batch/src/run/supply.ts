import type { OpenRequest } from "./item-feed.js";

/** Hands the requests of a feed to many takers: at once where they are read already, which costs no promise. */
export class Supply {
  readonly #groups: AsyncIterator<readonly OpenRequest[], void, void>;
  readonly #isStopped: () => boolean;
  #group: readonly OpenRequest[] = [];
  #next = 0;
  readonly #givenBack: OpenRequest[] = [];
  #reading: Promise<void> | undefined;
  #isOver = false;

  /** @param isStopped Asked before each request. */
  constructor(groups: AsyncIterator<readonly OpenRequest[], void, void>, isStopped: () => boolean) {
    this.#groups = groups;
    this.#isStopped = isStopped;
  }

  /** The next request; `undefined` where none is read, or nothing more is wanted. */
  take(): OpenRequest | undefined {
    if (this.#isStopped()) return undefined;
    return this.#givenBack.length > 0 ? this.#givenBack.pop() : this.#group[this.#next++];
  }

  /** Hands a request out once more, also after the last. */
  giveBack(open: OpenRequest): void {
    this.#givenBack.push(open);
  }

  /** The next request once it is read; `undefined` when there is no other. */
  async taken(): Promise<OpenRequest | undefined> {
    while (!this.#isOver && !this.#isStopped()) {
      this.#reading ??= this.#read();
      await this.#reading;
      const open = this.take();
      if (open) return open;
    }
    await this.end();
    return undefined;
  }

  /** Lets go of what it reads from. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#group = [];
    await this.#groups.return?.();
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#groups.next();
      if (done) this.#isOver = true;
      this.#group = done ? [] : value;
      this.#next = 0;
    } finally {
      this.#reading = undefined;
    }
  }
}
