const BACKOFF_RATIO = 0.9;
/** So long it stays where it was refused before, before it tries one more. */
const PLATEAU_MS = 10_000;

/**
 * Finds how many requests may be in flight: additive increase, multiplicative decrease, one cut per episode. Where it was
 * refused before, it stops rising for a while: the limit is believed to be there.
 *
 * Latency plays no part: that of a model tells how long its answer is, not how busy it is.
 *
 * @see Chiu and Jain, "Analysis of the increase and decrease algorithms", 1989.
 */
export class ConcurrencySearch {
  #limit: number;
  /** The fewest in flight at which a request was refused. */
  #refusedAt: number;
  #cutMs: number;
  #raisedMs: number;

  /** @param inFlight How many were in flight when one was refused, itself included. */
  constructor(inFlight: number, nowMs: number) {
    this.#limit = cut(inFlight);
    this.#refusedAt = inFlight;
    this.#cutMs = nowMs;
    this.#raisedMs = nowMs;
  }

  /** How many may be in flight. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** A request was refused that was sent with so many in flight. Returns whether that cut the limit. */
  refused(inFlight: number, sentMs: number, nowMs: number): boolean {
    if (sentMs < this.#cutMs) return false;
    this.#cutMs = nowMs;
    this.#raisedMs = nowMs;
    const isWhereItWas = inFlight >= this.#refusedAt * BACKOFF_RATIO;
    this.#refusedAt = inFlight;
    // Close to where it was refused before, the limit is known well enough to stay right below.
    this.#limit = isWhereItWas ? Math.max(1, inFlight - 1) : cut(inFlight);
    return true;
  }

  /** A request was answered, with so many in flight. */
  answered(inFlight: number, nowMs: number): void {
    if (inFlight * 2 < this.limit) return;
    if (this.#limit + 1 < this.#refusedAt) this.#limit += 1 / this.#limit;
    else if (nowMs - this.#raisedMs >= PLATEAU_MS) {
      this.#raisedMs = nowMs;
      this.#limit = Math.floor(this.#limit) + 1;
      this.#refusedAt = Math.max(this.#refusedAt, this.#limit + 1);
    }
  }
}

function cut(inFlight: number): number {
  return Math.max(1, (inFlight - 1) * BACKOFF_RATIO);
}
