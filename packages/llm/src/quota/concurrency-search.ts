const BACKOFF_RATIO = 0.9;
/** So long it stays where it was refused before, before it tries one more. */
const PLATEAU_MS = 10_000;
/** A refusal comes at once: so long without one, and twice as many may be in flight. */
const DOUBLING_MS = 200;
/** Finer than that, no timer is; it keeps rounding from asking again at the same instant. */
const TICK_MS = 0.1;

/** How many may be in flight at the start, before anything is known. */
export const CONCURRENCY_START = 10;

/**
 * Finds how many requests may be in flight: slow start, then additive increase and multiplicative decrease, one cut per
 * episode. Where it was refused before, it stops rising for a while: the limit is believed to be there.
 *
 * Slow start grows from one moment to the next, and not in leaps: what is sent while a refusal is on its way is all that can
 * be refused beside it. Latency plays no part: that of a model tells how long its answer is, not how busy it is.
 *
 * @see Chiu and Jain, "Analysis of the increase and decrease algorithms", 1989.
 */
export class ConcurrencySearch {
  #limit: number;
  /** How many were in flight when one was refused. */
  #refusedAt = Number.POSITIVE_INFINITY;
  #cutMs = Number.NEGATIVE_INFINITY;
  #raisedMs = Number.NEGATIVE_INFINITY;
  /** Since when somebody waits for a place. */
  #wantedMs: number | undefined;

  constructor(start: number) {
    this.#limit = start;
  }

  /** How many may be in flight. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Nothing was refused yet. */
  get isFresh(): boolean {
    return this.#refusedAt === Number.POSITIVE_INFINITY;
  }

  /**
   * A request was refused that was sent with so many in flight, itself included. Returns whether that cut the limit.
   *
   * @param isCertain The server said that it was for their number.
   */
  refused(inFlight: number, sentMs: number, nowMs: number, isCertain = false): boolean {
    if (sentMs < this.#cutMs) return false;
    this.#cutMs = nowMs;
    this.#raisedMs = nowMs;
    const isWhereItWas = inFlight >= this.#refusedAt * BACKOFF_RATIO;
    this.#refusedAt = inFlight;
    // Close to where it was refused before, the limit is known well enough to stay right below.
    this.#limit = Math.max(1, isCertain || isWhereItWas ? inFlight - 1 : (inFlight - 1) * BACKOFF_RATIO);
    return true;
  }

  /** Somebody finds no place. Returns in how long there will be one more, as long as nothing is refused. */
  nextPlaceMs(nowMs: number): number {
    if (!this.isFresh) return Number.POSITIVE_INFINITY;
    this.#wantedMs ??= nowMs;
    return Math.max(TICK_MS, DOUBLING_MS * Math.log2((this.limit + 1) / this.#limit) + TICK_MS);
  }

  /** Time passed: while somebody waited for a place, more of them came up. */
  grow(nowMs: number): void {
    if (this.#wantedMs === undefined) return;
    // Where nobody came back for so long, nobody waited.
    const passedMs = Math.min(DOUBLING_MS, nowMs - this.#wantedMs);
    if (this.isFresh) this.#limit *= 2 ** (passedMs / DOUBLING_MS);
    this.#wantedMs = undefined;
  }

  /** A request was answered, with so many in flight. */
  answered(inFlight: number, nowMs: number): void {
    if (inFlight * 2 < this.limit) return;
    if (this.isFresh) this.#limit += 1;
    else if (this.#limit + 1 < this.#refusedAt) this.#limit += 1 / this.#limit;
    else if (nowMs - this.#raisedMs >= PLATEAU_MS) {
      this.#raisedMs = nowMs;
      this.#limit = Math.floor(this.#limit) + 1;
      this.#refusedAt = Math.max(this.#refusedAt, this.#limit + 1);
    }
  }
}
