import type { LaneState } from "@bide/llm";
import { describe, expect, test } from "vitest";
import { paceOf } from "./pace.js";

const bucket = (perMinute: number, level: number, source: "told" | "searched" = "told") => ({
  ...{ level, limit: perMinute, perMs: 60_000, burst: perMinute, source },
});

function lane(more: Partial<LaneState> = {}): LaneState {
  return {
    ...{
      keyId: "k",
      model: "m",
      inFlight: 0,
      mostInFlight: Number.POSITIVE_INFINITY,
      queueLength: 10,
      nextAdmissionMs: 100,
    },
    ...{
      binds: "requests",
      pausedUntilMs: undefined,
      drainMs: 1000,
      costModel: "own",
      tokenRatio: 1,
      meanLatencyMs: 2000,
    },
    currencies: { requests: bucket(600, 0), tokens: bucket(60_000, 60_000) },
    meanCost: { requests: 1, tokens: 50 },
    ...more,
  };
}

describe("paceOf", () => {
  test("by the buckets: what they hold, what flows in, and the last answer's time", () => {
    // 600 requests at 600 a minute from an empty bucket; 30,000 tokens are there at once.
    expect(paceOf([lane()], { left: 600, donePerMinute: 590 })).toEqual({
      ...{ requestsLimit: 600, tokensLimit: 60_000, binds: "requests" },
      leftMs: 62_000,
    });
  });

  test("does not believe the burst at the start", () => {
    expect(paceOf([lane()], { left: 600, donePerMinute: 6000 }).leftMs).toBe(62_000);
  });

  test("by the pace where answers take longer than the limits ask for", () => {
    expect(paceOf([lane({ binds: undefined })], { left: 600, donePerMinute: 60 })).toMatchObject({ leftMs: 600_000 });
    expect(paceOf([lane()], { left: 600, donePerMinute: 60 })).not.toHaveProperty("binds");
  });

  test("of several lanes, the one that is done last tells", () => {
    const slow = lane({ model: "slow", currencies: { requests: bucket(60, 0) } });

    expect(paceOf([lane(), slow], { left: 120, donePerMinute: 0 }).leftMs).toBe(62_000);
    expect(paceOf([lane(), slow], { left: 120, donePerMinute: 0 })).toMatchObject({
      requestsLimit: 660,
      tokensLimit: undefined,
    });
  });

  test("a limit that is only searched for is none to show", () => {
    const searching = lane({ currencies: { requests: bucket(600, 0, "searched") } });

    expect(paceOf([searching], { left: 10, donePerMinute: 0 })).toMatchObject({ requestsLimit: undefined });
  });

  test("nothing is known before anything is done and nothing binds", () => {
    expect(paceOf([], { left: 10, donePerMinute: 0 })).toEqual({ requestsLimit: undefined, tokensLimit: undefined });
  });

  test("an endpoint that has answered nothing yet promises no end at once", () => {
    const silent = lane({ queueLength: 0, drainMs: 0, meanLatencyMs: undefined, binds: "concurrency", currencies: {} });
    expect(paceOf([silent], { left: 3, donePerMinute: 0 })).not.toHaveProperty("leftMs");
  });

  test("nothing left takes no time", () => {
    expect(paceOf([lane()], { left: 0, donePerMinute: 10 }).leftMs).toBe(0);
  });
});
