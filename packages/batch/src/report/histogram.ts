/** What is said of many durations or counts. */
export interface Percentiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** A bar of a chart: how many values lie from `from` up to `to`. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Each bucket ends this much above where it begins: a percentile is at most half of that off. */
const GROWTH = 1.02;
const LOG_GROWTH = Math.log(GROWTH);

/** Counts values in buckets that widen with them, so that a million values take no more memory than a thousand. */
export class Histogram {
  readonly #counts: number[] = [];
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** @param value >= 0. */
  add(value: number): void {
    const bucket = value < 1 ? 0 : 1 + Math.floor(Math.log(value) / LOG_GROWTH);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  get count(): number {
    return this.#count;
  }

  /** The value that this share of all values does not exceed, 0 to 1; 0 where there are none. */
  percentile(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (const [bucket, count = 0] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, Math.max(this.#min, middleOf(bucket)));
    }
    return 0;
  }

  percentiles(): Percentiles {
    const [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map((share) => this.percentile(share));
    const mean = this.#count === 0 ? 0 : this.#sum / this.#count;
    return { count: this.#count, mean, p50: p50 ?? 0, p90: p90 ?? 0, p95: p95 ?? 0, p99: p99 ?? 0, max: this.#max };
  }

  /** The buckets that hold anything, put together into about `most` bars of the same width on a logarithmic axis. */
  bars(most = 24): readonly Bar[] {
    const first = this.#counts.findIndex((count) => count !== undefined);
    if (first === -1) return [];
    const perBar = Math.ceil((this.#counts.length - first) / most);
    const bars: Bar[] = [];
    for (let bucket = first; bucket < this.#counts.length; bucket += perBar) {
      const [from, to] = [startOf(bucket), startOf(bucket + perBar)];
      bars.push({ from, to, count: sum(this.#counts.slice(bucket, bucket + perBar)) });
    }
    return bars;
  }
}

function startOf(bucket: number): number {
  return bucket === 0 ? 0 : GROWTH ** (bucket - 1);
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : GROWTH ** (bucket - 0.5);
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
