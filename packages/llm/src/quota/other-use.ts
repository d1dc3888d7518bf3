/** One reading, with what we had taken by then. */
export interface UseReading {
  readonly remaining: number;
  /** All that we took up to that request, itself included. */
  readonly taken: number;
  readonly sentMs: number;
  /** What one request costs. */
  readonly unit: number;
  /** How far arrivals are apart from what was sent. What comes in so long is nobody's. */
  readonly jitterMs: number;
}

interface Slice {
  readonly startedMs: number;
  count: number;
  timeMs: number;
  /** What is left and what we took, together, less what came in: it falls only where somebody else takes. */
  balance: number;
}

const SLICE_MS = 100;
const LEAST_READINGS = 3;
const MOST_SLICES = 10;
/** Over the newest of them, it is seen whether use is another one now. */
const TURN_SLICES = 2;
/** Readings are whole numbers, and requests overtake one another: what is lost to fewer requests than that is nobody's. */
const NOISE_REQUESTS = 3;
/** With that share left of the most that was ever seen to be left, nobody has to be held back. */
const PLENTY = 0.5;
/** Clocks differ a little: less than this share of the rate is nobody. */
const NOISE_SHARE = 0.03;

/**
 * Estimates how fast others spend from the same bucket: what the readings lose beyond what we took. Between a reading and
 * now, they will have gone on, and so much less is left than the reading says.
 */
export class OtherUse {
  #slices: Slice[] = [];
  #perMs = 0;
  #most = 0;

  /** Per millisecond, never more than the rate. */
  get perMs(): number {
    return this.#perMs;
  }

  note({ remaining, taken, sentMs, unit, jitterMs }: UseReading, ratePerMs: number): void {
    this.#most = Math.max(this.#most, remaining);
    const newest = this.#slices.at(-1);
    const isNewest = newest === undefined || sentMs >= newest.startedMs;
    // Close to the most that was ever left, the bucket may be full: what comes in is lost then, and nobody took it.
    if (remaining > 0 && remaining >= PLENTY * this.#most) {
      if (isNewest) this.forget();
      return;
    }
    const slice = isNewest ? this.#newestFor(sentMs) : this.#sliceOf(sentMs);
    if (slice === undefined) return;
    const balance = remaining + taken - ratePerMs * sentMs;
    slice.count++;
    slice.timeMs += (sentMs - slice.timeMs) / slice.count;
    slice.balance += (balance - slice.balance) / slice.count;
    this.#perMs = this.#slope(ratePerMs, Math.max(NOISE_REQUESTS * unit, jitterMs * ratePerMs));
  }

  /** Starts again: another rate, or a bucket that was full. */
  forget(): void {
    this.#slices = [];
    this.#perMs = 0;
  }

  #sliceOf(sentMs: number): Slice | undefined {
    let found: Slice | undefined;
    for (const slice of this.#slices) if (slice.startedMs <= sentMs) found = slice;
    return found;
  }

  #newestFor(sentMs: number): Slice {
    const newest = this.#slices.at(-1);
    if (newest && (sentMs - newest.startedMs < SLICE_MS || newest.count < LEAST_READINGS)) return newest;
    const slice: Slice = { startedMs: sentMs, count: 0, timeMs: 0, balance: 0 };
    this.#slices.push(slice);
    if (this.#slices.length > MOST_SLICES) this.#slices.shift();
    return slice;
  }

  #slope(ratePerMs: number, noise: number): number {
    let whole = this.#slices.filter(({ count }) => count >= LEAST_READINGS);
    const turn = whole.at(-1 - TURN_SLICES);
    const [oldest] = whole;
    const newest = whole.at(-1);
    if (oldest === undefined || newest === undefined) return 0;
    if (turn !== undefined && turn !== oldest) {
      const expected = turn.balance - lossPerMs(oldest, turn) * (newest.timeMs - turn.timeMs);
      // Somebody came or left: what was before says nothing of what is now.
      if (Math.abs(newest.balance - expected) > noise) {
        this.#slices = this.#slices.slice(this.#slices.indexOf(turn));
        whole = [turn, newest];
      }
    }
    const first = whole[0] ?? newest;
    const perMs = lossPerMs(first, newest);
    const isNoise = first.balance - newest.balance < noise || perMs < NOISE_SHARE * ratePerMs;
    return isNoise ? 0 : Math.min(perMs, ratePerMs);
  }
}

function lossPerMs(from: Slice, to: Slice): number {
  return (from.balance - to.balance) / (to.timeMs - from.timeMs);
}
