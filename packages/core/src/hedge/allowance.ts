/** What an allowance starts with, and what it may save up at least. */
const SAVED = 10;
/** The calls whose unused shares it may save up. */
const REMEMBERED_CALLS = 1000;

/** Ten tenths are one, whatever binary fractions make of them. */
const ROUNDING = 1e-9;

/**
 * The hedges that a share of extra load allows: each call earns the share, each hedge takes one. Over `n` calls it grants at
 * most `share * n + 10`, and never more than ten, or the share of a thousand calls, in a row.
 */
export class Allowance {
  readonly #share: number;
  readonly #capacity: number;
  #tokens = SAVED;

  constructor(share: number) {
    this.#share = share;
    this.#capacity = Math.max(SAVED, REMEMBERED_CALLS * share);
  }

  /** A call was made. */
  earn(): void {
    this.#put(this.#share);
  }

  /** Whether one more hedge is allowed; takes it when it is. */
  take(): boolean {
    if (this.#tokens + ROUNDING < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** The hedge that was taken is not made. */
  giveBack(): void {
    this.#put(1);
  }

  #put(tokens: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + tokens);
  }
}
