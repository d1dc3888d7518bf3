import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Emulator, startEmulator } from "@bide/emulator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OwnRedis, startRedis } from "../../../scripts/redis.mjs";
import { bundled } from "../../batch/test/bundle.js";
import { childrenOfTests } from "../../batch/test/children.js";
import { main } from "../src/main.js";
import { fakeIo } from "./fake-io.js";

const ITEMS = 100;

let script: string;
let folder: string;
let emulator: Emulator;
let redis: OwnRedis;
const start = childrenOfTests();

beforeAll(async () => {
  script = await bundled(fileURLToPath(new URL("program.ts", import.meta.url)), "cli-workers");
  folder = mkdtempSync(join(tmpdir(), "bide-workers-"));
  emulator = await startEmulator({ latency: "50ms", keys: ["key-of-the-worker"] });
  redis = await startRedis({ config: ["--appendonly", "yes"] });
  const lines = Array.from({ length: ITEMS }, (_, index) => {
    const body = { model: "emu", messages: [{ role: "user", content: `Question ${index}` }] };
    return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
  });
  writeFileSync(join(folder, "prompts.jsonl"), lines.join("\n"));
}, 30_000);
afterAll(async () => {
  await emulator.close();
  await redis.stop();
  rmSync(script);
  rmSync(folder, { recursive: true });
});

function worker(name: string, ...more: readonly string[]): ChildProcess {
  const args = [
    "worker",
    "--redis",
    redis.url,
    "--base-url",
    emulator.baseUrl,
    "--rpm",
    "6000",
    "--name",
    name,
    ...more,
  ];
  const env = { ...process.env, OPENAI_API_KEY: "key-of-the-worker", BIDE_SECRET: "a long and random one" };
  return start(process.execPath, [script, ...args], { env, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

async function ended(child: ChildProcess): Promise<{ readonly code: number; readonly text: string }> {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  child.kill("SIGTERM");
  const [code] = await once(child, "close");
  return { code, text };
}

test("workers with the key answer a run that has none, are seen in the status, and end in order", async () => {
  const workers = [worker("first"), worker("second")];
  const io = fakeIo({ env: { REDIS_URL: redis.url, BIDE_SECRET: "a long and random one" } });
  const output = join(folder, "results.jsonl");
  expect(await main(["run", join(folder, "prompts.jsonl"), "-o", output, "--redis"], io)).toBe(0);
  expect(io.said()).toContain(`succeeded  ${ITEMS} of ${ITEMS}`);
  expect(readFileSync(output, "utf8").trimEnd().split("\n")).toHaveLength(ITEMS);

  // A worker tells of itself once a second; the run may have taken less.
  const status = async (): Promise<string> => {
    const asked = fakeIo({ env: { REDIS_URL: redis.url } });
    expect(await main(["status", "--redis"], asked)).toBe(0);
    return asked.printed();
  };
  await expect
    .poll(status, { timeout: 10_000 })
    .toMatch(/^0 runs, 2 workers, [\s\S]*worker first +there\n[\s\S]*quota of emu/);
  const done = await Promise.all(workers.map(ended));
  expect(done.map(({ code }) => code)).toEqual([0, 0]);
  const counts = done.map(({ text }) => Number(/([\d,]+) requests? done/.exec(text)?.[1]));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(ITEMS);
}, 20_000);

test("what is told to one machine holds for many: a schema for the answers, a bound on the cost, a dry run", async () => {
  const file = (name: string, content: unknown): string => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  const prices = file("prices.json", { date: "2026-11-26", currency: "USD", models: { emu: { input: 1, output: 2 } } });
  const asks = ["run", join(folder, "prompts.jsonl"), "--redis", "--prices", prices];
  const bide = async (...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> => {
    const io = fakeIo({ env: { REDIS_URL: redis.url, BIDE_SECRET: "a long and random one" } });
    const code = await main([...asks, ...args], io);
    return { code, text: io.printed() + io.said() };
  };

  const arrivals = emulator.stats().arrivals;
  const estimate = await bide("-o", join(folder, "dry.jsonl"), "--dry-run");
  expect(estimate).toMatchObject({
    code: 0,
    text: expect.stringMatching(/nothing was sent[\s\S]*time +unknown: no limit/),
  });
  expect(emulator.stats().arrivals).toBe(arrivals);

  const child = worker("checking", "--max-attempts", "2");
  const asNumber = file("number.json", { type: "number" });
  const refused = await bide(
    "-o",
    join(folder, "checked.jsonl"),
    "--validate",
    asNumber,
    "--limit",
    "2",
    "--max-cost",
    "1",
  );
  expect(refused).toMatchObject({ code: 1, text: expect.stringContaining("failed     2") });
  const bounded = await bide("-o", join(folder, "bounded.jsonl"), "--max-cost", "0.0000001");
  expect(bounded).toMatchObject({ code: 3, text: expect.stringContaining("what the run may cost is spent") });
  expect((await ended(child)).code).toBe(0);
}, 60_000);

test.each<[string, string[], string, NodeJS.ProcessEnv?]>([
  ["limits", ["run", "p.jsonl", "-o", "r.jsonl", "--redis", "--rpm", "5"], "--rpm is the workers'"],
  [
    "a schema that is none",
    ["run", "p.jsonl", "-o", "r.jsonl", "--redis", "--validate", "none.json"],
    "--validate none.json: the file cannot be read",
  ],
  ["no Redis", ["worker", "--base-url", "http://127.0.0.1:9/v1"], "no Redis: give --redis"],
  ["an address that is none", ["status", "--redis", "localhost"], "--redis: expected an address such as redis://"],
  ["no more in a variable", ["status", "--redis"], "REDIS_URL: expected an address", { REDIS_URL: "host:6379" }],
  ["a file and a Redis", ["status", "r.jsonl", "--redis", "redis://127.0.0.1:9"], "exclude each other"],
  ["neither", ["status"], "name the output"],
])("%s on a command line that cannot have it: one sentence and exit code 2", async (_, args, sentence, env = {}) => {
  const io = fakeIo({ env });
  expect(await main(args, io)).toBe(2);
  expect(io.said()).toContain(sentence);
});
