import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Emulator, startEmulator } from "@bide/emulator";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runBatch } from "../src/index.js";

let folder: string;
let emulator: Emulator;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bide-batch-"));
  emulator = await startEmulator();
});

afterEach(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true });
});

/** A file of requests, one for each prompt. */
function input(prompts: readonly string[]): string {
  const lines = prompts.map((content, index) => {
    const body = { model: "emu", messages: [{ role: "user", content }], max_tokens: 16 };
    return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
  });
  const path = join(folder, "prompts.jsonl");
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

function prompts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `What is ${index} and ${index}?`);
}

function lines(name: string): { custom_id: string; response: { status_code: number } }[] {
  return readFileSync(join(folder, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("runBatch", () => {
  test("answers every request once and writes the results in the order of the input", async () => {
    const output = join(folder, "results.jsonl");
    const summary = await runBatch({ input: input(prompts(100)), output, baseUrl: emulator.baseUrl });
    expect(summary).toMatchObject({ total: 100, succeeded: 100, failed: 0, open: 0, attempts: 100 });
    expect(lines("results.jsonl").map((line) => line.custom_id)).toEqual(prompts(100).map((_, index) => `id-${index}`));
    expect(existsSync(join(folder, "results.errors.jsonl"))).toBe(false);
  });

  test("sends nothing again when all is done", async () => {
    const options = { input: input(prompts(10)), output: join(folder, "results.jsonl"), baseUrl: emulator.baseUrl };
    await runBatch(options);
    const again = await runBatch(options);
    expect(again).toMatchObject({ before: 10, attempts: 0, succeeded: 10 });
    expect(emulator.stats().arrivals).toBe(10);
  });

  test("runs a changed line again and an unchanged one never", async () => {
    const options = { output: join(folder, "results.jsonl"), baseUrl: emulator.baseUrl };
    await runBatch({ ...options, input: input(["a", "b", "c"]) });
    const again = await runBatch({ ...options, input: input(["a", "changed", "c"]) });
    expect(again).toMatchObject({ before: 2, attempts: 1, succeeded: 3 });
    const back = await runBatch({ ...options, input: input(["a", "b", "c"]) });
    expect(back).toMatchObject({ before: 3, attempts: 0, succeeded: 3 });
  });
});
