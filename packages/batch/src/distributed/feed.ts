import type { OpenRequest } from "../run/item-feed.js";
import type { CostBound } from "../run/money.js";

/** What a run has still to give out, within what it may cost. */
export class Feed {
  readonly #requests: AsyncGenerator<OpenRequest, void, void>;
  readonly #costBound: CostBound;
  /** What was set aside for those that are out. */
  readonly #reserved = new Map<OpenRequest, number>();
  #next: OpenRequest | undefined;
  #isAtEnd = false;
  #isSpent = false;
  #isBlocked = false;

  constructor(requests: AsyncGenerator<OpenRequest, void, void>, costBound: CostBound) {
    this.#requests = requests;
    this.#costBound = costBound;
  }

  /** Everything was given out. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** The next one could cost more than is left, and nothing is out that could leave more for it. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** The next one waits for what others really cost. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** The next ones, at most so many: fewer at the end, and where the next one has to wait for what others really cost. */
  async take(most: number): Promise<readonly OpenRequest[]> {
    const taken: OpenRequest[] = [];
    while (taken.length < most) {
      this.#next ??= await this.#read();
      if (this.#next === undefined || !this.#afford(this.#next)) break;
      taken.push(this.#next);
      this.#next = undefined;
    }
    return taken;
  }

  /** It is done, and this is what it cost. */
  done(open: OpenRequest, cost: number | undefined): void {
    this.#costBound.settle(this.#reserved.get(open) ?? 0, cost);
    this.#reserved.delete(open);
  }

  async #read(): Promise<OpenRequest | undefined> {
    if (this.#isAtEnd) return undefined;
    const next = await this.#requests.next();
    if (!next.done) return next.value;
    this.#isAtEnd = true;
    return undefined;
  }

  /** Sets aside the most that it can cost. */
  #afford(open: OpenRequest): boolean {
    const reserved = this.#costBound.tryReserve(open.request);
    if (reserved === undefined) this.#isSpent = true;
    this.#isBlocked = reserved === "later";
    if (typeof reserved !== "number") return false;
    this.#reserved.set(open, reserved);
    return true;
  }
}
