import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Buckets, converted, earliestOf, FULL_BUCKETS, levelOf, pause, settle, take, tightened } from "./gcra.js";
import { type Limits, ratesOf } from "./limits.js";

const numRuns = Number(process.env["BIDE_PROPERTY_RUNS"] ?? 10_000);

/** The buckets of these limits, and the steps that a test is told in. */
function bench(limits: Limits) {
  const rates = ratesOf(limits);
  let buckets: Buckets = FULL_BUCKETS;
  return {
    rates,
    buckets: () => buckets,
    set: (changed: Buckets) => {
      buckets = changed;
    },
    earliest: (cost: Record<string, number>) => earliestOf(rates, buckets, { cost }),
    /** Takes the cost if it may go: 0; or the wait. */
    ask: (nowMs: number, cost: Record<string, number> = { requests: 1 }) => {
      const { atMs } = earliestOf(rates, buckets, { cost });
      if (atMs > nowMs) return atMs - nowMs;
      buckets = take(rates, buckets, cost, nowMs);
      return 0;
    },
    level: (nowMs: number) => {
      const [rate] = rates;
      return rate && levelOf(rate, buckets.fullAtMs[0] ?? Number.NEGATIVE_INFINITY, nowMs);
    },
  };
}

const amount = fc.double({ min: 0.01, max: 1000, noNaN: true });
const limit = fc.record({ per: fc.double({ min: 1, max: 1e5, noNaN: true }), limit: amount, burst: amount });
const gap = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5000, noNaN: true }));
const limits = fc.record({ requests: limit, tokens: limit });
const cost = fc.record({ requests: amount, tokens: fc.oneof(fc.constant(0), amount) });

describe("gcra", () => {
  test("the golden sequence: 60 a minute, 5 at once", () => {
    const { ask } = bench({ requests: { per: "1m", limit: 60, burst: 5 } });
    const asked = [0, 0, 0, 0, 0, 0, 500, 1000, 1500, 2000, 9000, 9000].map((nowMs) => ask(nowMs));
    expect(asked).toEqual([0, 0, 0, 0, 0, 1000, 500, 0, 500, 0, 0, 0]);
  });

  test("a cost above the burst goes when the bucket is full, and the next one after its debt is paid", () => {
    const { ask, level } = bench({ requests: { per: "1m", limit: 60, burst: 5 } });
    expect([ask(0, { requests: 1 }), ask(0, { requests: 20 }), ask(1000, { requests: 20 })]).toEqual([0, 1000, 0]);
    expect(level(1000)).toBe(-15);
    expect(ask(1000, { requests: 2 })).toBe(17_000);
  });

  test.each([
    [0, 1, 1000],
    [0.5, 1, 1000],
    [1, 1, 1000],
    [2, 2, 1000],
  ])("a burst of %d lets %d go at once, and then one a second", (burst, atOnce, spacingMs) => {
    const { ask } = bench({ requests: { per: "1m", limit: 60, burst } });
    for (let i = 0; i < atOnce; i++) expect(ask(0)).toBe(0);
    expect([ask(0), ask(spacingMs)]).toEqual([spacingMs, 0]);
  });

  test("what costs nothing in a currency does not wait for it", () => {
    const { ask, earliest } = bench({ requests: { per: 1000, limit: 1 }, tokens: { per: 1000, limit: 1 } });
    expect([ask(0, { requests: 0, tokens: 1 }), ask(0, { requests: 1, tokens: 0 })]).toEqual([0, 0]);
    expect(earliest({ requests: 0, tokens: 0 })).toEqual({ atMs: Number.NEGATIVE_INFINITY, binds: "pause" });
  });

  test("names what binds: the currency that takes longest, or the pause", () => {
    const { ask, earliest, buckets, set } = bench({
      requests: { per: 1000, limit: 10, burst: 1 },
      tokens: { per: 1000, limit: 100, burst: 50 },
    });
    ask(0, { requests: 1, tokens: 50 });
    expect(earliest({ requests: 1, tokens: 5 })).toEqual({ atMs: 100, binds: "requests" });
    expect(earliest({ requests: 1, tokens: 50 })).toEqual({ atMs: 500, binds: "tokens" });
    // Of two that take equally long, the pause is named.
    set(pause(buckets(), 500));
    expect(earliest({ requests: 1, tokens: 50 })).toEqual({ atMs: 500, binds: "pause" });
    set(pause(buckets(), 700));
    expect(earliest({ requests: 1, tokens: 50 })).toEqual({ atMs: 700, binds: "pause" });
  });

  test("a share that is to be kept free stays in the bucket", () => {
    const { rates, buckets } = bench({ requests: { per: 1000, limit: 10, burst: 10 } });
    const spent = take(rates, buckets(), { requests: 9 }, 0);
    expect(earliestOf(rates, spent, { cost: { requests: 1 } }).atMs).toBe(0);
    expect(earliestOf(rates, spent, { cost: { requests: 1 }, keepFree: 0.5 }).atMs).toBe(500);
  });

  test("a request that may come late holds nothing back of what it does not cost", () => {
    const { rates, buckets } = bench({
      requests: { per: 1000, limit: 10, burst: 10 },
      tokens: { per: 1000, limit: 10 },
    });
    expect(take(rates, buckets(), { requests: 1 }, 0, 50).fullAtMs).toEqual([150, Number.NEGATIVE_INFINITY]);
  });

  test("what the first one after a pause gives back may be spent by the others", () => {
    const { rates, buckets } = bench({ requests: { per: 1000, limit: 10, burst: 10 } });
    const [rate] = rates;
    const first = take(rates, pause(buckets(), 1000), { requests: 5 }, 1000);
    const refunded = settle(rates, first, { cost: { requests: 5 }, actual: {} }, 1000);
    const { fullAtMs } = take(rates, refunded, { requests: 1 }, 1000);
    expect(rate && levelOf(rate, fullAtMs[0] ?? 0, 1000)).toBe(4);
  });

  test("a pause that ends with an earlier one, or before it, changes nothing", () => {
    const paused = pause(FULL_BUCKETS, 1000);
    expect([pause(paused, 1000), pause(paused, 999)]).toEqual([paused, paused]);
    const after = { ...paused, isProbing: false };
    expect(pause(after, 1000)).toBe(after);
  });

  test("a reading takes away, dated back to when it was true and less what went since", () => {
    const [rate] = ratesOf({ requests: { per: 1000, limit: 10, burst: 10 } });
    if (rate === undefined) throw new Error("no rate");
    const fullAtMs = tightened(rate, Number.NEGATIVE_INFINITY, { remaining: 4, atMs: 1000, takenSince: 2 });
    expect([levelOf(rate, fullAtMs, 1000), levelOf(rate, fullAtMs, 1200)]).toEqual([2, 4]);
    expect(tightened(rate, fullAtMs, { remaining: 9, atMs: 1000, takenSince: 0 })).toBe(fullAtMs);
  });

  test.each([
    ["a burst that grows adds to the level", 10, 30, 4, 24],
    ["a burst that shrinks takes from it", 30, 20, 24, 14],
    ["down to nothing", 30, 5, 10, 0],
    ["a debt stays a debt", 30, 5, -7, -7],
    ["and what is full stays full", 10, 30, 10, 30],
  ])("under other rates: %s", (_title, before, after, level, expected) => {
    const [old] = ratesOf({ requests: { per: 1000, limit: 10, burst: before } });
    const [changed] = ratesOf({ requests: { per: 1000, limit: 40, burst: after } });
    if (old === undefined || changed === undefined) throw new Error("no rate");
    const buckets = { ...FULL_BUCKETS, fullAtMs: [500 + (before - level) * 100] };
    const { fullAtMs } = converted([old], buckets, [changed], 500);
    expect(levelOf(changed, fullAtMs[0] ?? 0, 500)).toBe(expected);
  });
});

describe("a level of nothing", () => {
  test.each([
    ["twice the limit", { limit: 20 }, 500],
    ["the same limit for half the time", { per: 500 }, 500],
    ["a smaller burst", { burst: 5 }, 500],
    ["the same", {}, 1000],
  ])("stays that under %s, and fills as fast as that says", (_title, change, expectedMs) => {
    const given = { per: 1000, limit: 10, burst: 10 };
    const buckets = { ...FULL_BUCKETS, fullAtMs: [1000] };
    const { fullAtMs } = converted(
      ratesOf({ requests: given }),
      buckets,
      ratesOf({ requests: { ...given, ...change } }),
      0,
    );
    expect(fullAtMs).toEqual([expectedMs]);
  });
});

describe("for any limits and any trace", () => {
  test("a request is denied at every instant before the one that was named, and goes exactly at it", () => {
    const step = fc.record({
      cost,
      gap,
      parts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(limits, fc.double({ min: 0, max: 2e12, noNaN: true }), fc.array(step), (given, startMs, steps) => {
        const { ask } = bench(given);
        let nowMs = startMs;
        for (const { cost: asked, gap: passedMs, parts } of steps) {
          nowMs += passedMs;
          const waitMs = ask(nowMs, asked);
          if (waitMs === 0) continue;
          const atMs = nowMs + waitMs;
          for (const part of [...parts, 1 - Number.EPSILON]) {
            const early = nowMs + waitMs * part;
            if (early < atMs) expect(ask(early, asked)).toBeGreaterThan(0);
          }
          expect(ask(atMs, asked)).toBe(0);
          nowMs = atMs;
        }
      }),
      { numRuns },
    );
  }, 60_000);

  test("over any window no more goes than the burst, or one larger request, and what came in meanwhile", () => {
    fc.assert(
      fc.property(limit, fc.array(fc.record({ amount, gap }), { maxLength: 30 }), (given, steps) => {
        const { ask, earliest } = bench({ requests: given });
        const went: { atMs: number; amount: number }[] = [];
        let nowMs = 0;
        for (const { amount: asked, gap: passedMs } of steps) {
          nowMs = Math.max(nowMs + passedMs, earliest({ requests: asked }).atMs);
          expect(ask(nowMs, { requests: asked })).toBe(0);
          went.push({ atMs: nowMs, amount: asked });
        }
        for (const [first, { atMs: fromMs }] of went.entries()) {
          let sum = 0;
          for (const { atMs, amount: asked } of went.slice(first)) {
            sum += asked;
            const bound = Math.max(given.burst, asked) + ((atMs - fromMs) * given.limit) / given.per;
            // The grid may let each one go half a microsecond early, once.
            expect(sum).toBeLessThanOrEqual(bound + (0.001 * given.limit) / given.per + 1e-6 * bound);
          }
        }
      }),
      { numRuns },
    );
  }, 60_000);

  test("a refund leaves the level as if nothing had gone, a settlement as if the real cost had", () => {
    fc.assert(
      fc.property(
        limit,
        amount,
        amount,
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        (given, asked, actual, startMs) => {
          const { rates, buckets } = bench({ requests: { ...given, burst: 1e6 } });
          const [rate] = rates;
          if (rate === undefined) return;
          const before = take(rates, buckets(), { requests: 1e4 }, startMs);
          const after = take(rates, before, { requests: asked }, startMs);
          const settlement = { cost: { requests: asked }, actual: { requests: actual } };
          const [settledMs = 0] = settle(rates, after, settlement, startMs).fullAtMs;
          const level = levelOf(rate, settledMs, startMs);
          expect(level).toBeCloseTo(1e6 - 1e4 - actual, 4);
          const [refundedMs = 0] = settle(rates, after, { ...settlement, actual: {} }, startMs).fullAtMs;
          expect(levelOf(rate, refundedMs, startMs)).toBeCloseTo(1e6 - 1e4, 4);
        },
      ),
      { numRuns },
    );
  }, 60_000);
});
