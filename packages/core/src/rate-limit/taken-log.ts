const SLICE_MS = 50;
const MOST_SLICES = 8192;

/**
 * Remembers how much of one currency was taken when, so that an older reading of the server can be brought up to date.
 * Bounded: it counts in slices of 50 ms, and forgets the older half when there are too many; the last 3 minutes are kept.
 */
export class TakenLog {
  readonly #startedMs: number[] = [];
  readonly #lastMs: number[] = [];
  /** All that was taken up to the end of each slice. */
  readonly #totals: number[] = [];
  #forgotten = 0;
  #total = 0;

  add(amount: number, nowMs: number): void {
    this.#total += amount;
    const last = this.#lastMs.length - 1;
    if (nowMs - (this.#startedMs[last] ?? Number.NEGATIVE_INFINITY) < SLICE_MS) {
      this.#lastMs[last] = nowMs;
      this.#totals[last] = this.#total;
      return;
    }
    this.#startedMs.push(nowMs);
    this.#lastMs.push(nowMs);
    this.#totals.push(this.#total);
    if (this.#lastMs.length > MOST_SLICES) this.#forget(MOST_SLICES / 2);
  }

  /** What was taken after `atMs`: within what is kept never less, and at most one slice more. */
  since(atMs: number): number {
    let low = 0;
    let high = this.#lastMs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lastMs[middle] as number) <= atMs) low = middle + 1;
      else high = middle;
    }
    return this.#total - (this.#totals[low - 1] ?? this.#forgotten);
  }

  #forget(slices: number): void {
    this.#forgotten = this.#totals[slices - 1] as number;
    for (const column of [this.#startedMs, this.#lastMs, this.#totals]) column.splice(0, slices);
  }
}
