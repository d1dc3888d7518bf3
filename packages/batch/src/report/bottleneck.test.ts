import { describe, expect, test } from "vitest";
import { bottleneckOf } from "./bottleneck.js";

const DEMAND = { requests: 1000, chargedTokens: 400_000, tookMs: 500_000, runningMs: 125_000 };

describe("bottleneckOf", () => {
  test.each([
    [{ rpm: 500, tpm: 400_000, concurrency: 100 }, "requests"],
    [{ rpm: 5000, tpm: 200_000, concurrency: 100 }, "tokens"],
    [{ rpm: 5000, tpm: 4_000_000, concurrency: 4 }, "concurrency"],
    [{ rpm: 5000, tpm: 4_000_000, concurrency: 100 }, "nothing"],
    [{}, "nothing"],
  ] as const)("with %j, %s bind", (limits, binds) => {
    expect(bottleneckOf(DEMAND, limits).binds).toBe(binds);
  });

  test("tells what each limit needs at the least", () => {
    expect(bottleneckOf(DEMAND, { rpm: 500, tpm: 200_000, concurrency: 10 })).toEqual({
      binds: "requests",
      share: 0.96,
      requestsMs: 120_000,
      tokensMs: 120_000,
      concurrencyMs: 50_000,
    });
  });

  test("a burst that made it shorter than the limit allows is no more than all of the time", () => {
    expect(bottleneckOf({ ...DEMAND, runningMs: 60_000 }, { rpm: 500 }).share).toBe(1);
  });

  test("no time, no share", () => {
    expect(bottleneckOf({ requests: 0, chargedTokens: 0, tookMs: 0, runningMs: 0 }, { rpm: 1 }).share).toBe(0);
  });
});
