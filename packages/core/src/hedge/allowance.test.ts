import { describe, expect, test } from "vitest";
import { Allowance } from "./allowance.js";

const granted = (allowance: Allowance): number => {
  let count = 0;
  while (count < 5000 && allowance.take()) count++;
  return count;
};

describe("an allowance of hedges", () => {
  test("grants ten at first, and then the share of the calls", () => {
    const allowance = new Allowance(0.02);
    expect(granted(allowance)).toBe(10);
    for (let call = 1; call <= 49; call++) allowance.earn();
    expect(allowance.take()).toBe(false);
    allowance.earn();
    expect([allowance.take(), allowance.take()]).toEqual([true, false]);
  });

  test("saves up the share of a thousand calls, and ten at least", () => {
    for (const [share, most] of [
      [0.001, 10],
      [0.05, 50],
    ] as const) {
      const allowance = new Allowance(share);
      for (let call = 1; call <= 100_000; call++) allowance.earn();
      expect(granted(allowance)).toBe(most);
    }
  });

  test("takes back what was not used", () => {
    const allowance = new Allowance(0.02);
    granted(allowance);
    allowance.giveBack();
    expect(granted(allowance)).toBe(1);
  });

  test("without a bound it grants always", () => {
    const allowance = new Allowance(Number.POSITIVE_INFINITY);
    allowance.earn();
    expect(granted(allowance)).toBe(5000);
  });
});
