import { describe, expect, test } from "vitest";
import { OptionError, type Policy, rateLimit } from "../index.js";
import { virtualClock } from "../testing.js";
import { costOf, ratesOf, showing, withLimit } from "./limits.js";

describe("the burst", () => {
  test.each([
    ["told as a count", { per: "1m", limit: 600, burst: 50 }, { burst: 50, isLearned: false }],
    ["told as a time's worth", { per: "1m", limit: 600, burst: "3s" }, { burst: 30, burstMs: 3000, isLearned: false }],
    ["not told: one second's worth", { per: "1m", limit: 600 }, { burst: 10, isLearned: true }],
    ["not told: at least 1", { per: "1m", limit: 6 }, { burst: 1, isLearned: true }],
    ["nothing at once", { per: 1000, limit: 6, burst: 0 }, { burst: 0, isLearned: false }],
  ] as const)("%s", (_title, limit, expected) => {
    expect(ratesOf({ requests: limit })).toEqual([expect.objectContaining({ currency: "requests", ...expected })]);
  });

  test("follows another limit where it was not told as a count", () => {
    const bursts = (["2s", 20, undefined] as const).map((burst) => {
      const [rate] = ratesOf({ requests: { per: "1m", limit: 600, burst } });
      return rate && [withLimit(rate, 1200).burst, withLimit(showing(rate, 500), 300).burst];
    });
    expect(bursts).toEqual([
      [40, 10],
      [20, 20],
      [20, 300],
    ]);
  });

  test("stays what it is under the same limit", () => {
    const [rate] = ratesOf({ requests: { per: "1m", limit: 600 } });
    const seen = rate && showing(rate, 500);
    expect(seen && withLimit(seen, 600)).toBe(seen);
  });

  test("learned, it grows to what is seen, but not above the limit, and never shrinks by it", () => {
    const [rate] = ratesOf({ requests: { per: "1m", limit: 600 } });
    const seen = [5, 10, 11, 599, 9999, Number.NaN].map((remaining) => rate && showing(rate, remaining).burst);
    expect(seen).toEqual([10, 10, 11, 599, 600, 10]);
  });
});

describe("the cost", () => {
  test("is one request, unless it says how many", () => {
    const costs = [costOf(undefined), costOf({}), costOf({ tokens: 5 }), costOf({ requests: 0, tokens: 5 })];
    expect(costs).toEqual([{ requests: 1 }, { requests: 1 }, { requests: 1, tokens: 5 }, { requests: 0, tokens: 5 }]);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "3", null])("%s is none", async (tokens) => {
    const limiter = rateLimit({ tokens: { per: "1m", limit: 60 } }, { clock: virtualClock() });
    await expect(limiter.acquire({ tokens } as never)).rejects.toThrow(
      "expected `cost.tokens` to be a finite number >= 0",
    );
  });

  test("is what it was when it was asked for, whatever the caller makes of it later", async () => {
    const limiter = rateLimit({ tokens: { per: "1m", limit: 60 } }, { clock: virtualClock() });
    const cost = { requests: 1, tokens: 1 };
    const reservation = await limiter.acquire(cost);
    cost.tokens = 60;
    expect(reservation.cost).toEqual({ requests: 1, tokens: 1 });
  });

  test("is an object", () => {
    expect(() => costOf(5 as never)).toThrow("expected `cost` to be amounts by currency, got `5` (number)");
    expect(() => costOf(null as never)).toThrow(OptionError);
  });
});

describe("what is refused when the policy is made", () => {
  const good = { per: "1m", limit: 10 } as const;
  test.each([
    [null, "expected `limits` to be limits by currency, got `null`"],
    ["500/min", "expected `limits` to be limits by currency"],
    [{ requests: 500 }, "expected `requests` to be { per, limit }, got `500` (number)"],
    [{ requests: null }, "expected `requests` to be { per, limit }, got `null`"],
    [{ requests: { ...good, bursts: 5 } }, "the limit `requests` has no option `bursts`; did you mean `burst`?"],
    [{ requests: { ...good, per: "1 minute" } }, "expected `requests.per` to be a duration >= 0"],
    [{ requests: { ...good, per: 0 } }, "expected `requests.per`"],
    [{ requests: { ...good, per: Number.POSITIVE_INFINITY } }, "expected `requests.per`"],
    [{ requests: { ...good, limit: 0 } }, "expected `requests.limit` to be a number > 0, got `0` (number)"],
    [{ requests: { ...good, limit: "10" } }, "expected `requests.limit`"],
    [{ requests: { ...good, limit: Number.NaN } }, "expected `requests.limit`"],
    [{ requests: { ...good, burst: -1 } }, "expected `requests.burst` to be a number >= 0"],
    [{ requests: { ...good, burst: Number.POSITIVE_INFINITY } }, "expected `requests.burst`"],
    [{ requests: { ...good, burst: "fast" } }, "expected `requests.burst`"],
  ])("limits: %o", (limits, message) => {
    expect(() => rateLimit(limits as never)).toThrow(message);
  });

  test.each([
    [{ costs: () => ({}) }, "rateLimit has no option `costs`; did you mean `cost`?"],
    [{ cost: 5 }, "expected `cost` to be a function"],
    [{ priority: "high" }, "expected `priority` to be a finite number, or a function"],
    [{ maxQueue: -1 }, "expected `maxQueue` to be an integer >= 0"],
    [{ ageing: "soon" }, "expected `ageing` to be a duration"],
    [{ interactiveShare: 1 }, "expected `interactiveShare` to be a number >= 0 and < 1"],
    [{ interactiveShare: -0.1 }, "expected `interactiveShare`"],
    [{ interactiveShare: "0.1" }, "expected `interactiveShare`"],
    [{ arrivalJitter: "soon" }, "expected `arrivalJitter` to be a duration"],
    [{ store: 5 }, "expected `store` to be a LimiterStore"],
    [
      { store: null },
      "expected `store` to be a LimiterStore (with reserve and settle and sync and pause and update and state), got",
    ],
  ])("options: %o", (options, message) => {
    expect(() => rateLimit({ requests: good }, options as never)).toThrow(message);
  });

  test("other limits and pauses are checked like the first, and change nothing when they are wrong", async () => {
    const limiter = rateLimit({ requests: good }, { clock: virtualClock() });
    expect(() => limiter.update({ requests: { ...good, limit: -1 } })).toThrow(OptionError);
    expect(() => limiter.pause("soon" as never)).toThrow("expected `duration` to be a duration");
    expect(limiter.state()).toMatchObject({ pausedUntilMs: undefined, currencies: { requests: { limit: 10 } } });
    await expect(limiter.acquire({}, { priority: Number.NaN })).rejects.toThrow(
      "expected `priority` to be a finite number, got `NaN`",
    );
  });

  test("a priority that a function of the arguments says is checked when it is said", async () => {
    const limiter = rateLimit({ requests: good }, { clock: virtualClock(), priority: () => Number.NaN });
    await expect(limiter(() => "answer")()).rejects.toThrow("expected `priority` to be a finite number, got `NaN`");
  });

  test("a limit is a policy", () => {
    const policy: Policy = rateLimit({ requests: good });
    expect(policy).toBeTypeOf("function");
  });
});
