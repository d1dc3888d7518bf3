/** How much the newest value weighs, once there were enough. */
const WEIGHT = 0.05;

/** A mean of late: the plain mean of the first values, then one in which old ones fade. */
export class RecentMean {
  #mean = 0;
  #count = 0;

  get value(): number | undefined {
    return this.#count === 0 ? undefined : this.#mean;
  }

  add(value: number): void {
    this.#count++;
    this.#mean += Math.max(WEIGHT, 1 / this.#count) * (value - this.#mean);
  }
}

/** Means of late of several things at once, by name. */
export class RecentMeans {
  readonly #means = new Map<string, RecentMean>();

  value(name: string): number | undefined {
    return this.#means.get(name)?.value;
  }

  get values(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#means].map(([name, mean]) => [name, mean.value ?? 0]));
  }

  add(values: Readonly<Record<string, number>>): void {
    for (const name in values) {
      let mean = this.#means.get(name);
      if (mean === undefined) {
        mean = new RecentMean();
        this.#means.set(name, mean);
      }
      mean.add(values[name] ?? 0);
    }
  }
}

/** Values of the last one to two spans, put together; 0 for none. */
class Lately {
  readonly #spanMs: number;
  readonly #together: (one: number, other: number) => number;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #before = 0;
  #now = 0;

  constructor(spanMs: number, together: (one: number, other: number) => number) {
    this.#spanMs = spanMs;
    this.#together = together;
  }

  value(nowMs: number): number {
    this.#roll(nowMs);
    return this.#together(this.#before, this.#now);
  }

  add(value: number, nowMs: number): void {
    this.#roll(nowMs);
    this.#now = this.#together(this.#now, value);
  }

  #roll(nowMs: number): void {
    const passedMs = nowMs - this.#sinceMs;
    if (passedMs < this.#spanMs) return;
    this.#before = passedMs < 2 * this.#spanMs ? this.#now : 0;
    this.#now = 0;
    this.#sinceMs = nowMs;
  }
}

/** What came together in the last half second to second. */
export class LatelySum extends Lately {
  constructor() {
    super(500, (one, other) => one + other);
  }
}

/** The largest value of about the last ten seconds. */
export class RecentMost extends Lately {
  constructor() {
    super(10_000, Math.max);
  }
}
