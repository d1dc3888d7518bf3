/** How many calls were counted, and how many of them failed. */
export interface Tally {
  readonly calls: number;
  readonly failures: number;
}

/** The last calls, as a breaker looks at them. Knows no clock: each method is told the time. */
export interface CallWindow {
  record(isFailure: boolean, nowMs: number): void;
  tally(nowMs: number): Tally;
  /** Counts these calls as if they had ended now, the failures first. */
  seed(tally: Tally, nowMs: number): void;
  clear(): void;
}

/** The last `size` calls, however long ago. */
export class CountWindow implements CallWindow {
  readonly #failed: boolean[] = [];
  readonly #size: number;
  #next = 0;
  #failures = 0;

  constructor(size: number) {
    this.#size = size;
  }

  record(isFailure: boolean): void {
    if (this.#failed[this.#next]) this.#failures--;
    if (isFailure) this.#failures++;
    this.#failed[this.#next] = isFailure;
    this.#next = (this.#next + 1) % this.#size;
  }

  tally(): Tally {
    return { calls: this.#failed.length, failures: this.#failures };
  }

  seed({ calls, failures }: Tally): void {
    const counted = Math.min(calls, this.#size);
    for (let call = 0; call < counted; call++) this.record(call < failures);
  }

  clear(): void {
    this.#failed.length = 0;
    this.#next = 0;
    this.#failures = 0;
  }
}

/** A time window is forgotten in steps of a tenth: a call counts for nine to ten tenths of it. */
const SLICES = 10;

interface Slice {
  index: number;
  calls: number;
  failures: number;
}

/** The calls of the last `windowMs` milliseconds. */
export class TimeWindow implements CallWindow {
  readonly #sliceMs: number;
  /** Oldest first; at most ten. */
  readonly #slices: Slice[] = [];
  #calls = 0;
  #failures = 0;

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / SLICES;
  }

  record(isFailure: boolean, nowMs: number): void {
    this.seed({ calls: 1, failures: isFailure ? 1 : 0 }, nowMs);
  }

  tally(nowMs: number): Tally {
    this.#forget(this.#indexAt(nowMs));
    return { calls: this.#calls, failures: this.#failures };
  }

  seed({ calls, failures }: Tally, nowMs: number): void {
    const slice = this.#sliceAt(this.#indexAt(nowMs));
    slice.calls += calls;
    slice.failures += failures;
    this.#calls += calls;
    this.#failures += failures;
  }

  clear(): void {
    this.#slices.length = 0;
    this.#calls = 0;
    this.#failures = 0;
  }

  #indexAt(nowMs: number): number {
    return Math.floor(nowMs / this.#sliceMs);
  }

  /** The slice of the moment. A time before the last slice, as from a clock that was set back, belongs to the last. */
  #sliceAt(index: number): Slice {
    this.#forget(index);
    const last = this.#slices.at(-1);
    if (last !== undefined && last.index >= index) return last;
    const slice = { index, calls: 0, failures: 0 };
    this.#slices.push(slice);
    return slice;
  }

  #forget(index: number): void {
    for (let oldest = this.#slices[0]; oldest && oldest.index <= index - SLICES; oldest = this.#slices[0]) {
      this.#slices.shift();
      this.#calls -= oldest.calls;
      this.#failures -= oldest.failures;
    }
  }
}
