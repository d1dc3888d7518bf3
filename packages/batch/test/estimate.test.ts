import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { estimateBatch } from "../src/index.js";
import { batchLines, type Fixture, fixture, prompts } from "./batch-fixture.js";

let f: Fixture;

beforeEach(async () => {
  f = await fixture();
});
afterEach(() => f.close());

const PRICES = { date: "2026-01-31", currency: "EUR", models: { emu: { input: 10, output: 20 } } };

describe("an estimate", () => {
  test("counts what is left, its tokens and its money, and leaves no trace", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(100)));
    const before = readdirSync(f.folder);
    const { baseUrl } = f.emulator;
    const estimate = await estimateBatch({ input, output: f.output, baseUrl, prices: PRICES });
    expect(estimate).toMatchObject({
      total: 100,
      open: 100,
      outputTokens: 1600,
      unbounded: 0,
      unpriced: 0,
      currency: "EUR",
    });
    expect(estimate.cost).toBeCloseTo((estimate.inputTokens * 10 + 1600 * 20) / 1e6);
    expect(estimate.models).toEqual(new Map([["emu", 100]]));
    expect(readdirSync(f.folder)).toEqual(before);
    expect(f.emulator.stats().arrivals).toBe(0);
  });

  test("leaves out what is done, and the journal as it was", async () => {
    await f.run(f.write("prompts.jsonl", batchLines(prompts(10))));
    const input = f.write("prompts.jsonl", batchLines([...prompts(10), "new", "newer"]));
    const { baseUrl } = f.emulator;
    expect(await estimateBatch({ input, output: f.output, baseUrl })).toMatchObject({ total: 12, open: 2 });
    expect(await f.run(input)).toMatchObject({ before: 10, attempts: 2 });
  });

  test.each([
    ["by requests", { rpm: 10, burst: 4, tpm: 1e9 }, (100 - 4) * 6000, "requests"],
    ["by nothing", { rpm: 1000, burst: 1000 }, 0, undefined],
    ["by nobody knows what", {}, undefined, undefined],
  ])("takes the time that the quota allows, bound %s", async (_, quota, timeMs, binds) => {
    const input = f.write("prompts.jsonl", batchLines(prompts(100)));
    const { baseUrl } = f.emulator;
    const estimate = await estimateBatch({ input, output: f.output, baseUrl, quota });
    expect([estimate.timeMs, estimate.binds]).toEqual([timeMs, binds]);
  });

  test("is made of a sample for what is left of it", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(100)));
    const { rest, cost, inputTokens } = await f.run(input, { sample: 10, prices: PRICES });
    expect(rest?.cost).toBeCloseTo(cost * 9);
    expect(rest?.inputTokens).toBeCloseTo(inputTokens * 9);
    expect(rest?.timeMs).toBeGreaterThan(0);
  });
});
