import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Emulator, startEmulator } from "@bide/emulator";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type OwnRedis, startRedis } from "../../../scripts/redis.mjs";
import { type DistributedWorker, runDistributed, startWorker, type WorkerOptions } from "../src/distributed.js";

let server: OwnRedis;
let emulator: Emulator;
let folder: string;
let workers: DistributedWorker[] = [];

beforeAll(async () => {
  server = await startRedis();
  emulator = await startEmulator({ latency: "20ms" });
}, 30_000);
afterAll(async () => {
  await emulator.close();
  await server.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bide-distributed-"));
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.drain()));
  workers = [];
  rmSync(folder, { recursive: true });
});

function worker(options: Partial<WorkerOptions> = {}): DistributedWorker {
  const made = startWorker({
    redis: server.url,
    baseUrl: emulator.baseUrl,
    name: `worker-${workers.length}`,
    ...options,
  });
  workers.push(made);
  return made;
}

function files(items: number): { readonly input: string; readonly output: string } {
  const lines = Array.from({ length: items }, (_, index) => {
    const body = { model: "emu", messages: [{ role: "user", content: `Question ${index}` }] };
    return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
  });
  const [input, output] = [join(folder, "prompts.jsonl"), join(folder, "results.jsonl")];
  writeFileSync(input, lines.join("\n"));
  return { input, output };
}

function idsIn(path: string): readonly string[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).custom_id);
}

async function keysLeft(): Promise<readonly string[]> {
  const redis = new Redis(server.url);
  const keys = await redis.keys("*");
  await redis.quit();
  return keys;
}

test("two workers answer a file, and nothing of it stays in Redis", async () => {
  const { input, output } = files(60);
  const pair = [worker(), worker()];
  const summary = await runDistributed({ redis: server.url, input, output, window: 20 });
  expect(summary).toMatchObject({ total: 60, succeeded: 60, failed: 0, open: 0, attempts: 60, stop: undefined });
  expect(idsIn(output)).toEqual(Array.from({ length: 60 }, (_, index) => `id-${index}`));
  expect(pair.every(({ figures }) => figures.done > 0)).toBe(true);
  await Promise.all(pair.map((each) => each.drain()));
  workers = [];
  expect(await keysLeft()).toEqual([]);
});
