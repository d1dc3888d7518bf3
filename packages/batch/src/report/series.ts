/** What happened in each of many stretches of running time, all of the same width. */
export interface Series {
  readonly widthMs: number;
  /** Items that succeeded, and that failed for good. */
  readonly succeeded: readonly number[];
  readonly failed: readonly number[];
  /** HTTP requests that went, and those of them that were refused with 429. */
  readonly requests: readonly number[];
  readonly refused: readonly number[];
  /** Tokens as the provider charges them when it lets a request in. */
  readonly tokens: readonly number[];
}

/** Widths that read well on an axis. */
const WIDTHS_S = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];
/** As many as a chart can show. */
const MOST_BINS = 120;

type Counted = "succeeded" | "failed" | "requests" | "refused" | "tokens";

/** Counts into a {@link Series}. */
export class SeriesCounter {
  readonly #widthMs: number;
  readonly #bins: Readonly<Record<Counted, number[]>>;

  constructor(runningMs: number) {
    const width = WIDTHS_S.find((seconds) => runningMs / (seconds * 1000) <= MOST_BINS);
    this.#widthMs = width === undefined ? runningMs / MOST_BINS : width * 1000;
    const count = Math.floor(runningMs / this.#widthMs) + 1;
    const bins = (): number[] => Array.from({ length: count }, () => 0);
    this.#bins = { succeeded: bins(), failed: bins(), requests: bins(), refused: bins(), tokens: bins() };
  }

  add(what: Counted, atMs: number, amount = 1): void {
    const bins = this.#bins[what];
    const index = Math.min(bins.length - 1, Math.floor(atMs / this.#widthMs));
    bins[index] = (bins[index] ?? 0) + amount;
  }

  series(): Series {
    return { widthMs: this.#widthMs, ...this.#bins };
  }
}
