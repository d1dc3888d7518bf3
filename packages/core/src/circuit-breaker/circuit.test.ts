import { describe, expect, test } from "vitest";
import { awakened, CLOSED, halfOpened, opened, type Phase, probed, probing, refusedForMs, trips } from "./circuit.js";

const rules = { failureRatio: 0.5, minimumCalls: 10, openForMs: 1000, probes: 2 };
const tally = { calls: 10, failures: 6 };

describe("a circuit as a value", () => {
  test.each([
    [9, 9, false],
    [10, 4, false],
    [10, 5, true],
    [11, 5, false],
    [11, 6, true],
  ])("with %d calls and %d failures, trips: %s", (calls, failures, isTripped) => {
    expect(trips({ calls, failures }, rules)).toBe(isTripped);
  });

  test("is half open at the very instant its time is over, and not before", () => {
    const open = opened(tally, 1000, 500);
    expect(awakened(open, 1499)).toBe(open);
    expect(awakened(open, 1500)).toEqual(halfOpened(tally));
    expect([refusedForMs(open, 1499), refusedForMs(open, 9999)]).toEqual([1, 0]);
  });

  test("lets as many probes run as may, and says when the first is given up", () => {
    const one = probing(halfOpened(tally), rules, 100) as Phase;
    const two = probing(one, rules, 300) as Phase;
    expect(probing(two, rules, 400)).toBeUndefined();
    expect(refusedForMs(two, 400)).toBe(700);
    expect(awakened(two, 1099)).toBe(two);
    expect(awakened(two, 1100)).toMatchObject({ leases: [1300] });
  });

  test("counts probes that succeeded against those that may still run", () => {
    const one = probing(halfOpened(tally), rules, 0) as Phase;
    const after = probed(one, "success", rules, 10);
    expect(after).toMatchObject({ succeeded: 1, leases: [] });
    const last = probing(after, rules, 20) as Phase;
    expect(probing(last, rules, 20)).toBeUndefined();
    expect(probed(last, "success", rules, 30)).toBe(CLOSED);
    expect(probed(last, "failure", rules, 30)).toEqual(opened(tally, 1000, 30));
    expect(probed(last, "ignored", rules, 30)).toMatchObject({ succeeded: 1, leases: [] });
  });

  test("without a probe on its way it stays as it is", () => {
    expect(probed(CLOSED, "failure", rules, 0)).toBe(CLOSED);
    expect([awakened(CLOSED, 5), probing(CLOSED, rules, 0), refusedForMs(CLOSED, 0)]).toEqual([
      CLOSED,
      undefined,
      undefined,
    ]);
  });
});
