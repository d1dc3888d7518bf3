import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Emulator, startEmulator } from "@bide/emulator";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { main } from "../src/main.js";
import { fakeIo } from "./fake-io.js";

vi.setConfig({ testTimeout: 30_000 });

let folder: string;
let emulator: Emulator;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bide-options-"));
  emulator = await startEmulator({ latency: "20ms", keys: ["first", "second"], answer: () => '{"ok":true}' });
});
afterEach(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true });
});

/** Writes a file into the folder; returns its path. */
function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function read(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

async function bide(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const io = fakeIo({ env: { OPENAI_API_KEY: "first", SECOND_KEY: "second", BAD_KEY: "third" } });
  return { code: await main(args, io), said: io.said() };
}

test("a CSV comes back with its answers, by a template", async () => {
  const input = file("cities.csv", "city\nParis\nKyōto\n");
  const body = { model: "emu", messages: [{ role: "user", content: "Where is {{city}}?" }] };
  const template = file("template.json", JSON.stringify(body));
  const output = join(folder, "answers.csv");

  const { code } = await bide("run", input, "-o", output, "--template", template, "--base-url", emulator.baseUrl);

  expect(code).toBe(0);
  expect(read("answers.csv")).toBe('city,answer\nParis,"{""ok"":true}"\nKyōto,"{""ok"":true}"\n');
});

test("an answer that fits no schema is asked for again, and fails in the end", async () => {
  const input = file("p.txt", "one\n");
  const output = join(folder, "r.jsonl");
  const options = ["--model", "emu", "--base-url", emulator.baseUrl, "--max-attempts", "2"];
  const asText = file("text.json", '{"type":"object","properties":{"ok":{"type":"string"}}}');
  const asTruth = file("truth.json", '{"type":"object","properties":{"ok":{"type":"boolean"}}}');

  expect((await bide("run", input, "-o", output, "--validate", asText, ...options)).code).toBe(1);
  expect(emulator.stats().arrivals).toBe(2);
  expect(read("r.errors.jsonl")).toContain('"code":"answer_rejected"');
  expect((await bide("run", input, "-o", output, "--validate", asTruth, "--retry-failed", ...options)).code).toBe(0);
});

test("several endpoints share the work, and one whose key is refused leaves it to the others", async () => {
  const input = file("p.txt", Array.from({ length: 40 }, (_, index) => `Question ${index}`).join("\n"));
  const { baseUrl } = emulator;
  const keys = ["key=SECOND_KEY rpm=60000", "key=BAD_KEY rpm=60000", "key=OPENAI_API_KEY rpm=60000"];
  const endpoints = keys.flatMap((key) => ["--endpoint", `${baseUrl} ${key} burst=50`]);

  const { code } = await bide("run", input, "-o", join(folder, "r.jsonl"), "--model", "emu", ...endpoints);

  expect(code).toBe(0);
  const answered = emulator.log().filter(({ verdict }) => verdict === "answered");
  expect(answered).toHaveLength(40);
  expect(new Set(answered.map(({ key }) => key)).size).toBe(2);
});

test.each([
  [["--limit", "2"], 0],
  [["--time-budget", "1ms"], 75],
  [["--max-cost", "0.0000001", "--prices", "PRICES"], 3],
])("%j ends with its exit code, and the rest is run by the next line", async (options, expected) => {
  const input = file("p.txt", "one\ntwo\nthree\n");
  const prices = file("prices.json", '{"date":"2026-01-31","models":{"emu":{"input":1000,"output":1000}}}');
  const line = ["run", input, "-o", join(folder, "r.jsonl"), "--model", "emu", "--base-url", emulator.baseUrl];
  const given = options.map((option) => (option === "PRICES" ? prices : option));

  expect((await bide(...line, "--concurrency", "1", ...given)).code).toBe(expected);
  expect((await bide(...line)).code).toBe(0);
});
