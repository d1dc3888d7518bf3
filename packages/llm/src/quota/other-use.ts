/** One reading, with what we had taken by then. */
export interface UseReading {
  readonly remaining: number;
  /** All that we took up to that request, itself included. */
  readonly taken: number;
  readonly sentMs: number;
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
/** Readings are whole numbers, and clocks differ a little: less than this share of the rate is nobody. */
const NOISE = 0.03;

/**
 * Estimates how fast others spend from the same bucket: what the readings lose beyond what we took. Between a reading and
 * now, they will have gone on, and so much less is left than the reading says.
 */
export class OtherUse {
  #slices: Slice[] = [];
  #perMs = 0;

  /** Per millisecond, never more than the rate. */
  get perMs(): number {
    return this.#perMs;
  }

  /** @param ratePerMs What comes in. @param isFull The bucket was full, and lost what came in. */
  note({ remaining, taken, sentMs }: UseReading, ratePerMs: number, isFull: boolean): void {
    if (isFull) {
      this.forget();
      return;
    }
    const balance = remaining + taken - ratePerMs * sentMs;
    let last = this.#slices.at(-1);
    if (last !== undefined && sentMs < last.startedMs) return;
    if (last === undefined || (sentMs - last.startedMs >= SLICE_MS && last.count >= LEAST_READINGS)) {
      last = { startedMs: sentMs, count: 0, timeMs: 0, balance: 0 };
      this.#slices.push(last);
      if (this.#slices.length > MOST_SLICES) this.#slices.shift();
    }
    last.count++;
    last.timeMs += (sentMs - last.timeMs) / last.count;
    last.balance += (balance - last.balance) / last.count;
    this.#perMs = this.#slope(ratePerMs);
  }

  /** Starts again: another rate, or a bucket that was full. */
  forget(): void {
    this.#slices = [];
    this.#perMs = 0;
  }

  #slope(ratePerMs: number): number {
    const whole = this.#slices.filter(({ count }) => count >= LEAST_READINGS);
    const [oldest] = whole;
    const newest = whole.at(-1);
    if (oldest === undefined || newest === undefined || newest.timeMs - oldest.timeMs < SLICE_MS) return 0;
    const perMs = (oldest.balance - newest.balance) / (newest.timeMs - oldest.timeMs);
    return perMs < NOISE * ratePerMs ? 0 : Math.min(perMs, ratePerMs);
  }
}
