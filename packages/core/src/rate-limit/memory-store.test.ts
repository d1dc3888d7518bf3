import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limiterStoreCases } from "../testing.js";
import { type Limits, ratesOf } from "./limits.js";
import { memoryLimiterStore } from "./memory-store.js";
import type { LimiterStore, ReserveAnswer } from "./store.js";

const numRuns = Number(process.env["BIDE_PROPERTY_RUNS"] ?? 1000);

describe("the store in memory", () => {
  const cases = limiterStoreCases(() => {
    let ms = 1000;
    return {
      store: memoryLimiterStore(),
      nowMs: () => ms,
      advance: (by) => {
        ms += by;
      },
    };
  });
  test.each(cases.map(({ title, run }) => [title, run] as const))("%s", (_title, run) => run());
});

describe("what a server says of the limit", () => {
  const store = memoryLimiterStore();
  void store.update(ratesOf({ requests: { per: "1s", limit: 10, burst: 4 } }), 0);
  test.each([
    [0, 10],
    [Number.POSITIVE_INFINITY, 10],
    [Number.NaN, 10],
    [20, 20],
    [30, 30],
  ])("a limit of %d, told at the same instant as the others, makes it %d", (limit, expected) => {
    void store.sync({ requests: { limit } }, 0);
    expect(store.state(0).currencies["requests"]?.limit).toBe(expected);
  });

  test("a currency that is not named stays as it is", () => {
    void store.update(ratesOf({ tokens: { per: "1s", limit: 10, burst: 4 } }), 0);
    void store.sync({ requests: { remaining: 1 } }, 0);
    const { tokens, requests } = store.state(0).currencies;
    expect([tokens?.level, requests?.level]).toEqual([4, 1]);
  });
});

const amount = fc.double({ min: 0.01, max: 100, noNaN: true });
const instant = fc.double({ min: 0, max: 1e4, noNaN: true });
const step = fc.oneof(
  fc.record({ do: fc.constant("reserve" as const), amount, keepFree: fc.constantFrom(0, 0, 0.1) }),
  fc.record({ do: fc.constant("settle" as const), amount }),
  fc.record({ do: fc.constant("sync" as const), amount, limit: fc.option(amount, { nil: undefined }) }),
  fc.record({ do: fc.constant("pause" as const), amount }),
  fc.record({ do: fc.constant("update" as const), amount }),
  fc.record({ do: fc.constant("pass" as const), amount }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function limits(limit: number, burst: number | undefined): Limits {
  return { tokens: { per: "1s", limit, burst } };
}

function change(
  store: LimiterStore,
  { do: what, ...step }: Exclude<Step, { do: "reserve" | "pass" }>,
  nowMs: number,
): void {
  const cost = { tokens: 10 };
  if (what === "settle") void store.settle({ id: 0, cost, actual: { tokens: step.amount } }, nowMs);
  else if (what === "sync") {
    const limit = "limit" in step ? step.limit : undefined;
    void store.sync({ tokens: { remaining: step.amount, limit, atMs: nowMs - step.amount } }, nowMs);
  } else if (what === "pause") void store.pause(step.amount * 10, nowMs);
  else void store.update(ratesOf(limits(step.amount, step.amount)), nowMs);
}

/** Asks, and when it is told to wait, before that time, too, and at it. Returns the instant at which it was admitted. */
function checked(ask: (atMs: number) => ReserveAnswer, nowMs: number): number {
  const answer = ask(nowMs);
  if (answer.kind !== "wait") return nowMs;
  const atMs = nowMs + answer.waitMs;
  for (const share of [0.5, 0.99, 1 - Number.EPSILON]) {
    const early = nowMs + answer.waitMs * share;
    if (early < atMs) expect(ask(early).kind).toBe("wait");
  }
  expect(ask(atMs).kind).toBe("admitted");
  return atMs;
}

test("a call that costs nothing of a currency makes nothing that was taken of it look later than it was", () => {
  const store = memoryLimiterStore();
  void store.update(ratesOf({ tokens: { per: "1s", limit: 10, burst: 10 } }), 0);
  void store.reserve({ cost: { tokens: 3 }, keepFree: 0 }, 0);
  void store.reserve({ cost: { requests: 1 }, keepFree: 0 }, 40);
  // The reading of 20 ms knows of the three tokens: nothing was taken after it.
  void store.sync({ tokens: { remaining: 7, atMs: 20 } }, 40);
  expect(store.state(40).currencies["tokens"]?.level).toBeCloseTo(7.2);
});

describe("for any trace of requests, settlements, readings, pauses and other limits", () => {
  test("what is told to wait is admitted exactly then, and at no instant before", () => {
    const burst = fc.option(amount, { nil: undefined });
    fc.assert(
      fc.property(amount, burst, instant, fc.array(step), (limit, atOnce, startMs, steps) => {
        const store = memoryLimiterStore();
        let nowMs = startMs;
        void store.update(ratesOf(limits(limit, atOnce)), nowMs);
        for (const one of steps) {
          if (one.do === "pass") nowMs += one.amount * 10;
          else if (one.do !== "reserve") change(store, one, nowMs);
          else {
            const request = { cost: { tokens: one.amount }, keepFree: one.keepFree };
            nowMs = checked((atMs) => store.reserve(request, atMs) as ReserveAnswer, nowMs);
          }
        }
      }),
      { numRuns },
    );
  }, 60_000);
});
