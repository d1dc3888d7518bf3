import { describe, expect, test } from "vitest";
import type { RequestSize } from "../request/facts.js";
import { CostFinder } from "./cost-finder.js";
import { type CostModel, costOf } from "./cost-models.js";

const LIMIT = 200_000;

/** Sends requests one after another, as a provider that charges so would see them. Returns how many it took to find out. */
function requestsUntilFound(charging: CostModel, finder: CostFinder): number | undefined {
  for (let number = 1; number <= 40; number++) {
    const size: RequestSize = {
      characters: 400 * number,
      tokens: 100 * number,
      maxTokens: 700 - 30 * number,
      answers: 1,
    };
    const totals = finder.sent(size, size.tokens);
    const remaining = LIMIT - costOf(charging, size, size.tokens).tokens;
    finder.read({ totals, remaining, limit: LIMIT, sentMs: number * 60_000, number, inFlight: 1 });
    if (finder.model === charging) return number;
  }
  return undefined;
}

describe("the formula of a provider", () => {
  test.each([
    ["openai-sum", "openai"],
    ["openai", "openai-sum"],
    ["anthropic", "openai"],
  ] as const)("%s is found though %s was believed", (charging, believed) => {
    expect(requestsUntilFound(charging, new CostFinder(believed, false))).toBeLessThanOrEqual(8);
  });

  test("is not looked for where it was told", () => {
    expect(requestsUntilFound("openai-sum", new CostFinder("openai", true))).toBeUndefined();
  });

  test("is found from what refusals say that requests cost", () => {
    const finder = new CostFinder("openai", false);
    const size = { characters: 4000, tokens: 1000, maxTokens: 500, answers: 1 };

    expect([1, 2, 3].map(() => finder.told(1500, size, 1000))).toEqual([false, false, true]);
    expect(finder.model).toBe("openai-sum");
  });

  test("stays what it is while nothing tells formulas apart", () => {
    const finder = new CostFinder("azure", false);
    const size = { characters: 4000, tokens: 1000, maxTokens: 500, answers: 1 };
    for (let i = 0; i < 10; i++) finder.told(1500, size, 1000);

    expect(finder.model).toBe("azure");
  });
});
