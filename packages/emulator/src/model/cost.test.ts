import { expect, test } from "vitest";
import { costOf } from "./cost.js";

test.each([
  ["openai", { characters: 400 }, { tokens: 100, input: 100, output: 16 }],
  ["openai", { characters: 401, maxTokens: 500 }, { tokens: 500, input: 101, output: 500 }],
  ["openai", { characters: 8, answers: 3 }, { tokens: 48, input: 2, output: 48 }],
  ["openai-sum", { characters: 400, maxTokens: 500 }, { tokens: 600, input: 100, output: 500 }],
  ["azure", { characters: 400, maxTokens: 50, answers: 2 }, { tokens: 200, input: 100, output: 100 }],
  ["anthropic", { characters: 400, maxTokens: 500, cachedTokens: 60 }, { tokens: 40, input: 40, output: 0 }],
  ["cerebras", { characters: 400, maxTokens: 50 }, { tokens: 150, input: 100, output: 50 }],
  ["cerebras", { characters: 400, contextTokens: 8192 }, { tokens: 8192, input: 100, output: 8092 }],
  ["gemini", { characters: 400, maxTokens: 50 }, { tokens: 100, input: 100, output: 0 }],
] as const)("%s charges %j", (model, size, cost) => {
  expect(costOf(model, size)).toEqual(cost);
});
