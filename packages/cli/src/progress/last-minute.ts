const WINDOW_MS = 60_000;
/** Samples closer than this are one. */
const STEP_MS = 500;

/** How fast a count that only grows has grown over the last minute. */
export class LastMinute {
  readonly #samples: { readonly atMs: number; readonly count: number }[] = [{ atMs: 0, count: 0 }];

  /** How many looks are remembered. */
  get samples(): number {
    return this.#samples.length;
  }

  /** Takes a look at the count. @returns Its growth per minute over the last minute, or over the time since the start. */
  perMinute(atMs: number, count: number): number {
    const samples = this.#samples;
    if (atMs - (samples.at(-1)?.atMs ?? 0) >= STEP_MS) samples.push({ atMs, count });
    while ((samples[1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs - WINDOW_MS) samples.shift();
    const [first = { atMs: 0, count: 0 }] = samples;
    const spanMs = atMs - first.atMs;
    // In the first second a burst would read as a rate that nothing can keep.
    return spanMs < 1000 ? 0 : ((count - first.count) / spanMs) * 60_000;
  }
}
