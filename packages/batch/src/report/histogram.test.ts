import { describe, expect, test } from "vitest";
import { Histogram } from "./histogram.js";

function of(values: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

describe("Histogram", () => {
  test("percentiles are at most one part in a hundred off", () => {
    const { p50, p90, p95, p99, max, mean, count } = of(
      Array.from({ length: 10_000 }, (_, index) => index + 1),
    ).percentiles();

    expect([p50 / 5000, p90 / 9000, p95 / 9500, p99 / 9900].every((ratio) => Math.abs(ratio - 1) <= 0.0101)).toBe(true);
    expect({ max, mean, count }).toEqual({ max: 10_000, mean: 5000.5, count: 10_000 });
  });

  test("of one value, every percentile is that value", () => {
    expect(of([250]).percentiles()).toMatchObject({ p50: 250, p99: 250, max: 250 });
  });

  test("of nothing, all is nought and there are no bars", () => {
    expect(of([]).percentiles()).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 });
    expect(of([]).bars()).toEqual([]);
  });

  test("values below one stand in one bucket", () => {
    expect(of([0, 0.4]).percentiles()).toMatchObject({ p50: 0, max: 0.4, count: 2 });
  });

  test("bars hold every value once, side by side, and are no more than asked for", () => {
    const bars = of([1, 10, 100, 1000, 10_000]).bars(8);

    expect(bars.length).toBeLessThanOrEqual(8);
    expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(5);
    for (const [index, bar] of bars.entries()) if (index > 0) expect(bar.from).toBe(bars[index - 1]?.to);
    expect(bars[0]?.from).toBeLessThanOrEqual(1);
    expect(bars.at(-1)?.to).toBeGreaterThan(10_000);
  });
});
