import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Admitted, Arrival, Refused } from "./arrival.js";
import { createModel, type EmulatorModel } from "./model.js";

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

  test("each scope has a burst of its own, and the organisation's is not the project's", () => {
    const model = createModel({ rpm: 60, burst: 2, organization: { rpm: 60, burst: 3 }, countRejected: false });
    const ask = (key: string): string => verdict(model, 0, arrival(1, { key }));
    expect([ask("a"), ask("a"), ask("a")]).toEqual(["admitted", "admitted", "rate-limited"]);
    expect([ask("b"), ask("b")]).toEqual(["admitted", "rate-limited"]);
    expect(
      createModel({ burst: 2, organization: { rpm: 60 } })
        .limiters("k", "m")
        .organization.meter("rpm")?.capacity,
    ).toBe(60);
  });

  test("a model may have limits of its own", () => {
    const model = createModel({ rpm: 1, limitsByModel: { big: { rpm: 2 } }, countRejected: false });
    const ask = (name: string): string => verdict(model, 0, arrival(1, { model: name }));
    expect([ask("big"), ask("big"), ask("big")]).toEqual(["admitted", "admitted", "rate-limited"]);
    expect([ask("small"), ask("small"), ask("constructor"), ask("constructor")]).toEqual([
      "admitted",
      "rate-limited",
      "admitted",
      "rate-limited",
    ]);
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

  test("a change that is wrong is refused at the start, not when it is due", () => {
    expect(() => createModel({ changes: [{ at: "1h", rpm: -1 }] })).toThrow("expected `changes[0].rpm`");
  });

  test("new options replace the old ones, and what is used stays used", () => {
    const model = createModel({ rpm: 10, algorithm: "sliding-window", quantum: "10s", faults: ["500"] });
    expect([verdict(model, 0), verdict(model, 0)]).toEqual(["500", "rate-limited"]);
    model.apply({ rpm: 3, algorithm: "sliding-window" }, 0);
    expect([verdict(model, 0), verdict(model, 0)]).toEqual(["admitted", "rate-limited"]);
  });

  test("a limit on requests in flight that comes in mid-run counts those that are under way", () => {
    const model = createModel();
    const under = [model.arrive(arrival(), 0), model.arrive(arrival(), 0)];
    model.apply({ inFlight: 3 }, 0);
    expect([model.arrive(arrival(), 0).verdict, model.arrive(arrival(), 0).verdict]).toEqual([
      "admitted",
      "rate-limited",
    ]);
    for (const decision of under) if (decision.verdict === "admitted") decision.end(0);
    expect(model.limiters("k", "m").project.meter("inFlight")?.level(0)).toBe(2);
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

describe("an error in place of the answer", () => {
  test("costs its charge at admission, and no money", () => {
    const model = createModel({ tpm: 100, money: 1, faults: ["500:100%:1"] });
    const same = arrival(10, { hash: "00000000000000ab", size: { characters: 40, maxTokens: 10 } });
    expect([verdict(model, 0, same), verdict(model, 0, same), verdict(model, 0, same)]).toEqual([
      "500",
      "admitted",
      "quota",
    ]);
    expect(model.limiters("k", "m").project.meter("tpm")?.level(0)).toBe(80);
  });
});

describe("ramp", () => {
  test("a request that is told to slow down counts as one, where refused ones do", () => {
    const model = createModel({ rpm: 10, ramp: { aboveTokensPerMinute: 100 } });
    expect([verdict(model, 0, arrival(100)), verdict(model, 0, arrival(1))]).toEqual(["admitted", "slow-down"]);
    expect(model.limiters("k", "m").project.meter("rpm")?.level(0)).toBe(8);
  });

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
      "expected `brownOuts[0]` to end after it starts, got 2s to 1s",
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
