import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Admitted, type Arrival, createModel, type EmulatorModel, type Refused } from "./model.js";

let counter = 0;

/** A request of `tokens` tokens, different from every other unless it is given a hash. */
function arrival(tokens = 1, more: Partial<Arrival> = {}): Arrival {
  const hash = (++counter).toString(16).padStart(16, "0");
  return { key: "k", model: "m", hash, size: { characters: 0, maxTokens: tokens }, stream: false, ...more };
}

/** Verdicts of arrivals, each ended at once. */
function verdict(model: EmulatorModel, nowMs: number, asked: Arrival = arrival()): string {
  const decision = model.arrive(asked, nowMs);
  if (decision.verdict === "admitted") decision.end(nowMs);
  return decision.verdict === "admitted" && decision.strike !== undefined ? decision.strike.kind : decision.verdict;
}

describe("two scopes", () => {
  test("the organisation's limit is shared by all keys, each key's own is not", () => {
    const model = createModel({ rpm: 2, organization: { rpm: 3 }, countRejected: false });
    const ask = (key: string): string => verdict(model, 0, arrival(1, { key }));
    expect([ask("a"), ask("a"), ask("a")]).toEqual(["admitted", "admitted", "rate-limited"]);
    expect([ask("b"), ask("b")]).toEqual(["admitted", "rate-limited"]);
  });

  test("nothing is taken from one scope when the other refuses", () => {
    const model = createModel({ tpm: 100, organization: { tpm: 50 }, countRejected: false });
    expect(verdict(model, 0, arrival(60))).toBe("too-large");
    expect(model.limiters("k", "m").project.meter("tpm")?.level(0)).toBe(100);
  });

  test("the stated wait is exact over both: one millisecond earlier is refused, at it is admitted", () => {
    const limit = fc.integer({ min: 100, max: 900 });
    const options = fc.record({ rpm: limit, tpm: limit, organization: fc.record({ rpm: limit, tpm: limit }) });
    const costs = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(options, costs, (limits, list) => {
        const refused = firstRefusal(limits, list);
        if (refused?.hintMs === undefined) return;
        expect(verdict(replay(limits, list, refused.index), refused.hintMs - 1, arrival(refused.cost.tokens))).toBe(
          "rate-limited",
        );
        expect(verdict(replay(limits, list, refused.index), refused.hintMs, arrival(refused.cost.tokens))).toBe(
          "admitted",
        );
      }),
    );
  });
});

describe("schedules", () => {
  test("a limit changes when its time has come", () => {
    const model = createModel({ rpm: 1, changes: [{ at: "10s", rpm: 100 }] });
    expect([verdict(model, 0), verdict(model, 9999)]).toEqual(["admitted", "rate-limited"]);
    expect(model.limiters("k", "m").project.meter("rpm")?.limit).toBe(1);
    model.advance(10_000);
    expect(model.limiters("k", "m").project.meter("rpm")?.limit).toBe(100);
  });

  test("a brown-out hits from its start to just before its end", () => {
    const model = createModel({ brownOuts: [{ from: "1s", to: "2s", fault: "503" }] });
    expect([999, 1000, 1999, 2000].map((nowMs) => verdict(model, nowMs))).toEqual([
      "admitted",
      "503",
      "503",
      "admitted",
    ]);
  });

  test("times count from the start, and from a new scenario", () => {
    const model = createModel({ brownOuts: [{ from: "1s", to: "2s", fault: "500" }] }, 5000);
    expect([verdict(model, 1500), verdict(model, 6500)]).toEqual(["admitted", "500"]);
    model.apply({ brownOuts: [{ from: 0, to: "1s", fault: "529" }] }, 9000);
    expect([verdict(model, 9500), verdict(model, 10_000)]).toEqual(["529", "admitted"]);
  });

  test("a refused connection touches no quota", () => {
    const model = createModel({ rpm: 1, brownOuts: [{ from: 0, to: 10, fault: "refuse" }] });
    expect([verdict(model, 0), verdict(model, 10)]).toEqual(["unreachable", "admitted"]);
  });
});

describe("money", () => {
  test("runs out after the tokens that were paid for, for the key that used them", () => {
    const model = createModel({ money: 50 });
    const spend = (key: string): string => {
      const decision = model.arrive(arrival(1, { key, size: { characters: 40 }, outputTokens: 30 }), 0);
      if (decision.verdict !== "admitted") return decision.verdict;
      decision.produce(30, 0);
      decision.end(0);
      return decision.verdict;
    };
    expect([spend("a"), spend("a"), spend("a"), spend("b")]).toEqual(["admitted", "admitted", "quota", "admitted"]);
  });
});

describe("ramp", () => {
  test("use may grow by half from window to window, above what is always allowed", () => {
    const model = createModel({ ramp: { aboveTokensPerMinute: 100, growth: 0.5, window: "2m" } });
    const asks = (nowMs: number, tokens: number): string => verdict(model, nowMs, arrival(tokens));
    expect([asks(0, 100), asks(0, 1)]).toEqual(["admitted", "slow-down"]);
    expect([asks(120_000, 150), asks(120_000, 1)]).toEqual(["admitted", "slow-down"]);
    expect([asks(240_000, 225), asks(240_000, 1)]).toEqual(["admitted", "slow-down"]);
    expect([asks(999_999_999, 101), asks(999_999_999, 100)]).toEqual(["slow-down", "admitted"]);
  });
});

describe("charges", () => {
  test("what was not used comes back where the provider refunds, and only there", () => {
    const left = (refund: "none" | "to-actual"): number | undefined => {
      const model = createModel({ tpm: 1000, refund });
      const decision = model.arrive(arrival(600, { outputTokens: 100 }), 0);
      if (decision.verdict !== "admitted") return undefined;
      decision.produce(100, 0);
      decision.end(0);
      return model.limiters("k", "m").project.meter("tpm")?.level(0);
    };
    expect([left("none"), left("to-actual")]).toEqual([400, 900]);
  });

  test("an attempt counts every arrival of the same request", () => {
    const model = createModel({ rpm: 1 });
    const same = arrival(1, { hash: "00000000000000aa" });
    expect([0, 1, 2].map((nowMs) => model.arrive(same, nowMs).attempt)).toEqual([1, 2, 3]);
  });
});

describe("options", () => {
  test.each([
    [{ rpm: 0 }, "expected `rpm` to be an integer >= 1, got `0` (number)"],
    [{ tpm: 1.5 }, "expected `tpm` to be an integer >= 1, got `1.5` (number)"],
    [{ burst: -1 }, "expected `burst` to be an integer >= 1, got `-1` (number)"],
    [{ organization: { tpm: Number.NaN } }, "expected `organization.tpm` to be an integer >= 1, got `NaN` (number)"],
    [{ faults: ["boom"] }, 'expected a fault such as "reset:2%", got `boom` (string)'],
    [{ latency: "fast" }, 'expected `latency` to be a time such as "250ms" or "10s", got `fast` (string)'],
    [
      { brownOuts: [{ from: "2s", to: "1s", fault: "500" }] },
      "expected a brown-out to end after it starts, got 2s to 1s",
    ],
  ])("%j is refused by name", (options, message) => {
    expect(() => createModel(options)).toThrow(message);
  });
});

function replay(limits: object, list: readonly number[], count: number): EmulatorModel {
  const model = createModel(limits);
  for (const tokens of list.slice(0, count + 1)) model.arrive(arrival(tokens), 0);
  return model;
}

function firstRefusal(limits: object, list: readonly number[]): (Refused & { index: number }) | undefined {
  const model = createModel(limits);
  for (const [index, tokens] of list.entries()) {
    const decision: Admitted | Refused = model.arrive(arrival(tokens), 0);
    if (decision.verdict !== "admitted") return { ...decision, index };
  }
  return undefined;
}
