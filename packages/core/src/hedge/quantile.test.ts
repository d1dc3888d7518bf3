import { describe, expect, test } from "vitest";
import { seeded } from "../../test/seeded.js";
import { MovingQuantile } from "./quantile.js";

/** Latencies with a median of one second. */
function lognormal(sigma: number, seed: number): () => number {
  const random = seeded(seed);
  return () => 1000 * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

describe("a quantile of a stream", () => {
  test("is not known before enough values were seen, and then theirs exactly", () => {
    const quantile = new MovingQuantile(0.9, 10);
    for (const value of [5, 1, 9, 3, 10, 2, 8, 6, 4]) quantile.add(value);
    expect(quantile.value).toBeUndefined();
    quantile.add(70);
    expect(quantile.value).toBe(70);
    const median = new MovingQuantile(0.5, 4);
    for (const value of [30, 200, 10, 100]) median.add(value);
    expect(median.value).toBe(100);
  });

  test("steps up for a value above and down for one below, so far that it rests where a share q is below", () => {
    const quantile = new MovingQuantile(0.75, 1);
    quantile.add(1000);
    // Young until fifty values should have come from the rarer side: 200 of them. Then the steps are a quarter as long.
    for (const [values, step] of [
      [199, 0.02],
      [20, 0.005],
    ] as const) {
      for (let value = 0; value < values; value++) {
        const before = quantile.value ?? 0;
        const isAbove = value % 4 !== 0;
        quantile.add(isAbove ? before * 2 : before / 2);
        expect((quantile.value ?? 0) / before - 1).toBeCloseTo(isAbove ? step * 0.75 : -step * 0.25, 12);
      }
    }
  });

  test("goes quicker when six values should have come from the other side, and none did", () => {
    const quantile = new MovingQuantile(0.75, 1);
    quantile.add(1000);
    for (let value = 0; value < 400; value++) quantile.add(value % 4 === 0 ? 0 : 1e9);
    const steps = (values: number, sample: number): number[] =>
      Array.from({ length: values }, () => {
        const before = quantile.value ?? 0;
        quantile.add(sample);
        return Number(((quantile.value ?? 0) / before - 1).toFixed(6));
      });
    // A quarter is below: 24 in a row are six that should have been above, and three quarters of nine are more than six.
    expect(steps(26, 0)).toEqual([...Array(24).fill(-0.00125), -0.005, -0.005].slice(0, 26));
    expect(steps(10, 1e9)).toEqual([...Array(8).fill(0.00375), 0.015, 0.015]);
  });

  test.each([
    [0.5, 0.95, 2276],
    [1, 0.95, 5180],
    [1, 0.98, 7797],
    [1, 0.5, 1000],
  ])(
    "of lognormal latencies with a spread of %d it finds the quantile %d, within 25 % at any time",
    (sigma, q, exactMs) => {
      const quantile = new MovingQuantile(q, 100);
      const next = lognormal(sigma, 5);
      for (let value = 0; value < 1000; value++) quantile.add(next());
      let logSum = 0;
      for (let value = 0; value < 20_000; value++) {
        quantile.add(next());
        const estimateMs = quantile.value ?? 0;
        expect(Math.abs(Math.log(estimateMs / exactMs))).toBeLessThan(value < 3000 ? 0.5 : 0.25);
        logSum += Math.log(estimateMs / exactMs);
      }
      expect(Math.abs(logSum / 20_000)).toBeLessThan(0.05);
    },
  );

  test("rises after a service has become ten times slower, and falls when it is well again", () => {
    const quantile = new MovingQuantile(0.95, 100);
    const next = lognormal(0.5, 9);
    for (let value = 0; value < 1000; value++) quantile.add(next());
    for (let value = 0; value < 1000; value++) quantile.add(10 * next());
    expect(quantile.value).toBeGreaterThan(15_000);
    for (let value = 0; value < 4000; value++) quantile.add(next());
    expect(quantile.value).toBeLessThan(3500);
  });

  test("stays where every value equals it, and can rise from nothing", () => {
    const quantile = new MovingQuantile(0.9, 3);
    for (let value = 0; value < 50; value++) quantile.add(0);
    const low = quantile.value ?? 0;
    expect(low).toBeGreaterThan(0);
    for (let value = 0; value < 2000; value++) quantile.add(1000);
    expect(quantile.value).toBeGreaterThan(900);
    const steady = new MovingQuantile(0.9, 1);
    for (let value = 0; value < 5; value++) steady.add(70);
    expect(steady.value).toBe(70);
  });
});
