/** One reading, with what we had taken by then. */
export interface UseReading {
  readonly remaining: number;
  /** All that we took up to that request, itself included. */
  readonly taken: number;
  readonly sentMs: number;
  /** What one request costs. */
  readonly unit: number;
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
/** Readings are whole numbers, and requests overtake one another: what is lost to fewer requests than that is nobody's. */
const NOISE_REQUESTS = 3;
/** With that share left of the most that was ever seen to be left, nobody has to be held back. */
const PLENTY = 0.5;
/** What comes in so long is noise, too. */
const NOISE_MS = 20;
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

  note({ remaining, taken, sentMs, unit }: UseReading, ratePerMs: number): void {
    this.#most = Math.max(this.#most, remaining);
    // Close to the most that was ever left, the bucket may be full: what comes in is lost then, and nobody took it.
    if (remaining >= PLENTY * this.#most) {
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
    this.#perMs = this.#slope(ratePerMs, Math.max(NOISE_REQUESTS * unit, NOISE_MS * ratePerMs));
  }

  /** Starts again: another rate, or a bucket that was full. */
  forget(): void {
    this.#slices = [];
    this.#perMs = 0;
  }

  #slope(ratePerMs: number, noise: number): number {
    const whole = this.#slices.filter(({ count }) => count >= LEAST_READINGS);
    const [oldest] = whole;
    const newest = whole.at(-1);
    if (oldest === undefined || newest === undefined) return 0;
    const lost = oldest.balance - newest.balance;
    const perMs = lost / (newest.timeMs - oldest.timeMs);
    return lost < noise || perMs < NOISE_SHARE * ratePerMs ? 0 : Math.min(perMs, ratePerMs);
  }
}
