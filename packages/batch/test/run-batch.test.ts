import { existsSync } from "node:fs";
import { join } from "node:path";
import { llmFetch } from "@bide/llm";
import { OptionError } from "bide";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BatchEvent, readJournal } from "../src/index.js";
import { batchLines, type Fixture, fixture, prompts } from "./batch-fixture.js";

let f: Fixture;

beforeEach(async () => {
  f = await fixture();
});
afterEach(() => f.close());

describe("runBatch", () => {
  test("answers every request once and writes the results in the order of the input", async () => {
    const summary = await f.run(f.write("prompts.jsonl", batchLines(prompts(100))));
    expect(summary).toMatchObject({ total: 100, succeeded: 100, failed: 0, open: 0, attempts: 100 });
    expect(f.lines("results.jsonl").map((line) => line.custom_id)).toEqual(
      prompts(100).map((_, index) => `id-${index}`),
    );
    expect(existsSync(join(f.folder, "results.errors.jsonl"))).toBe(false);
  });

  test("sends nothing again when all is done", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(10)));
    await f.run(input);
    expect(await f.run(input)).toMatchObject({ before: 10, attempts: 0, succeeded: 10 });
    expect(f.emulator.stats().arrivals).toBe(10);
  });

  test("runs a changed line again and an unchanged one never", async () => {
    await f.run(f.write("prompts.jsonl", batchLines(["a", "b", "c"])));
    const again = await f.run(f.write("prompts.jsonl", batchLines(["a", "changed", "c"])));
    expect(again).toMatchObject({ before: 2, attempts: 1, succeeded: 3 });
    const back = await f.run(f.write("prompts.jsonl", batchLines(["a", "b", "c"])));
    expect(back).toMatchObject({ before: 3, attempts: 0, succeeded: 3 });
  });

  test("hears a layer that endpoints share once", async () => {
    await f.close();
    f = await fixture({ rpm: 60_000, burst: 1000 });
    const changes: string[] = [];
    const layer = llmFetch({ onEvent: ({ type }) => type === "quota-changed" && changes.push(type) });
    const told: string[] = [];
    const { baseUrl } = f.emulator;
    await f.run(f.write("prompts.jsonl", batchLines(prompts(20))), {
      fetch: layer,
      endpoints: [{ baseUrl }, { baseUrl }],
      onEvent: ({ type }) => told.push(type),
    });
    const journal = readJournal(f.output);
    const recorded = [...journal.attempts()].map(({ customId }) => customId);
    journal.close();
    expect(recorded.sort()).toEqual(
      prompts(20)
        .map((_, index) => `id-${index}`)
        .sort(),
    );
    expect(told.filter((type) => type === "attempt-ended")).toHaveLength(20);
    expect(changes.length).toBeGreaterThan(0);
    expect(told.filter((type) => type === "quota-changed")).toEqual(changes);
  });

  test.each([
    [{ limit: 2 }, 2],
    [{ sample: 3 }, 3],
    [{}, Number.POSITIVE_INFINITY],
  ])("tells whoever looks on how many it is to do: %j", async (part, most) => {
    const told: number[] = [];
    const onEvent = (event: BatchEvent): void => {
      if (event.type === "run-started") told.push(event.progress.limit);
    };
    await f.run(f.write("prompts.jsonl", batchLines(prompts(5))), { ...part, onEvent });
    const journal = readJournal(f.output);
    told.push(journal.progress()?.progress.limit ?? 0);
    journal.close();
    expect(told).toEqual([most, most]);
  });

  test.each([
    [{ apiKey: "sk-secret\nsk-secret" }, "expected `apiKey` to be a key"],
    [{ headers: { "x-key": "sk-secret€" } }, "expected `headers` to be names and values"],
    [{ headers: { "x key": "sk-secret" } }, "expected `headers` to be names and values"],
  ])("refuses %j before anything is touched, and repeats no value", async (option, sentence) => {
    const input = f.write("prompts.jsonl", batchLines(prompts(2)));
    const error = await f.run(input, option).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OptionError);
    expect(String(error)).toContain(sentence);
    expect(String(error)).not.toContain("secret");
    expect(existsSync(`${f.output}.bide`)).toBe(false);
  });
});
