const WINDOW_MS = 60_000;

/** How fast a count grew over the last minute. */
export class Pace {
  readonly #readings: { readonly atMs: number; readonly count: number }[] = [];

  /** Writes down a reading. @returns How much it grew in a minute, by the last minute or what there is of it. */
  perMinute(count: number, nowMs: number): number {
    this.#readings.push({ atMs: nowMs, count });
    while ((this.#readings[1]?.atMs ?? nowMs) <= nowMs - WINDOW_MS) this.#readings.shift();
    const [first] = this.#readings;
    if (first === undefined || first.atMs === nowMs) return 0;
    return ((count - first.count) / (nowMs - first.atMs)) * 60_000;
  }
}
