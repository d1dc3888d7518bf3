import { describe, expect, test } from "vitest";
import { type HedgeOptions, hedge } from "../src/index.js";
import { quickClock } from "./quick-clock.js";
import { seeded } from "./seeded.js";

describe("the tail of lognormal latencies with a median of one second, hedged", () => {
  const CALLS = 40_000;
  /** Calls that are made before those that are measured: at first the fast ones are all that is known. */
  const LEARNED_FROM = 20_000;
  /** Calls that go on after them: the last of those measured are hedged seconds later, out of what these earn. */
  const AFTERWARDS = 10_000;

  /** Latencies under a policy, sorted, and the share of calls beyond the first ones. */
  async function tail(sigma: number, options: HedgeOptions) {
    const clock = quickClock();
    const random = seeded(42);
    const policy = hedge({ ...options, clock });
    const takenMs: number[] = [];
    let made = 0;
    let hedged = 0;
    const caller = async (): Promise<void> => {
      const startedMs = clock.nowMs();
      const isMeasured = made >= LEARNED_FROM && made < LEARNED_FROM + CALLS;
      made++;
      await policy.run(({ number, signal }) => {
        if (number > 1 && isMeasured) hedged++;
        const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
        // Whole milliseconds: what is due at one moment is done in one step.
        return clock.sleep(Math.round(1000 * Math.exp(sigma * normal)), signal);
      });
      if (isMeasured) takenMs.push(clock.nowMs() - startedMs);
    };
    // A stream of calls, a hundred at each start, so that what is learned is learned from calls before.
    for (let batch = 0; batch < (LEARNED_FROM + CALLS + AFTERWARDS) / 100; batch++) {
      clock.timer(batch * 100, () => {
        for (let call = 0; call < 100; call++) void caller();
      });
    }
    await clock.runUntil(Number.POSITIVE_INFINITY);
    takenMs.sort((a, b) => a - b);
    const at = (q: number): number => (takenMs[Math.floor(q * CALLS)] ?? 0) / 1000;
    return { p99: at(0.99), p999: at(0.999), extra: hedged / CALLS, pending: clock.pending };
  }

  test.each([
    [1, 5.18, 6.67, 9.31, 0.05],
    [1, 3.6, 5.64, 8.36, 0.1],
    [0.5, 2.276, 3.01, 3.72, 0.05],
  ])("σ = %d, hedged after %d s: p99 %d s, p99.9 %d s, %d more calls", async (sigma, delayS, p99, p999, extra) => {
    const seen = await tail(sigma, { delay: delayS * 1000, maxExtraLoad: Number.POSITIVE_INFINITY });
    expect(Math.abs(seen.p99 / p99 - 1)).toBeLessThan(0.03);
    expect(Math.abs(seen.p999 / p999 - 1)).toBeLessThan(0.06);
    expect(Math.abs(seen.extra - extra)).toBeLessThan(0.003);
    expect(seen.pending).toBe(0);
  });

  test.each([
    [1, 0.05, 6.67, 9.31],
    [1, 0.1, 5.64, 8.36],
    [0.5, 0.05, 3.01, 3.72],
  ])(
    "σ = %d, one knob of %d: p99 near %d s, p99.9 near %d s, and no more extra load",
    async (sigma, maxExtraLoad, p99, p999) => {
      const seen = await tail(sigma, { maxExtraLoad });
      expect(seen.p99 / p99).toBeLessThan(1.1);
      expect(seen.p999 / p999).toBeLessThan(1.15);
      expect(seen.extra).toBeLessThan(maxExtraLoad + 0.001);
      expect(seen.extra).toBeGreaterThan(0.85 * maxExtraLoad);
    },
  );
});
