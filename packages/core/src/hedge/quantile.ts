/** How far one value moves the estimate, as a share of it. */
const STEP = 0.005;
/** The same as long as the estimate is young, and when it is plainly off: after a service has become slower, or well again. */
const QUICK_STEP = 0.02;
/** It is young until so many values should have come from its rarer side. */
const YOUNG = 50;
/** It is plainly off when so many values should have come from the other side and none did: by chance once in 400 times. */
const MISSED = 6;

/**
 * The quantile of a stream of positive numbers, in constant memory and with no clock: the first values exactly, and from then
 * on a step up for a value above the estimate and a step down for one below, in such a proportion that it comes to rest where
 * the share `q` is below.
 *
 * The steps are shares of the estimate, so it fits milliseconds as well as minutes. At rest it strays by about 3 % for the
 * 95th percentile of latencies that spread like LLM calls (lognormal, σ = 1); good as a trigger, not for a report. Were it
 * to stray more, hedges would be due in bursts, which a bound on extra load refuses: just those that the tail needs.
 *
 * @see A. Yazidi and H. Hammer, "Multiplicative update methods for incremental quantile estimation", 2017.
 */
export class MovingQuantile {
  readonly #q: number;
  readonly #warmUp: number;
  readonly #first: number[] = [];
  #value: number | undefined;
  #seen = 0;
  #isAbove = false;
  /** How many values in a row were on that side. */
  #run = 0;

  /** @param q 0 to 1, both excluded. @param warmUp How many values are taken before the first estimate. */
  constructor(q: number, warmUp: number) {
    this.#q = q;
    this.#warmUp = warmUp;
  }

  /** The estimate; `undefined` until there are values enough for one. */
  get value(): number | undefined {
    return this.#value;
  }

  add(sample: number): void {
    if (this.#value === undefined) this.#learn(sample);
    else if (sample !== this.#value) this.#value *= 1 + this.#change(sample > this.#value);
  }

  #change(isAbove: boolean): number {
    this.#run = isAbove === this.#isAbove ? this.#run + 1 : 1;
    this.#isAbove = isAbove;
    const missed = this.#run * (isAbove ? this.#q : 1 - this.#q);
    const isYoung = ++this.#seen * Math.min(this.#q, 1 - this.#q) < YOUNG;
    const step = isYoung || missed > MISSED ? QUICK_STEP : STEP;
    return isAbove ? step * this.#q : -step * (1 - this.#q);
  }

  #learn(sample: number): void {
    if (this.#first.push(sample) < this.#warmUp) return;
    const first = this.#first.sort((a, b) => a - b);
    // A hair above nothing, from where it can rise: calls that take no time at all are there in tests, and in caches.
    this.#value = Math.max(LEAST, first[Math.floor(this.#q * first.length)] as number);
    this.#first.length = 0;
  }
}

const LEAST = 1e-3;
