import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Emulator, startEmulator } from "@bide/emulator";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { bundled } from "../../batch/test/bundle.js";
import { childrenOfTests } from "../../batch/test/children.js";

let script: string;
let folder: string;
let output: string;
let emulator: Emulator;

beforeAll(async () => {
  script = await bundled(fileURLToPath(new URL("program.ts", import.meta.url)), "cli-program");
});
afterAll(() => rmSync(script));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bide-signals-"));
  output = join(folder, "results.jsonl");
  const lines = Array.from({ length: 60 }, (_, index) => {
    const body = { model: "emu", messages: [{ role: "user", content: `Question ${index}` }], user: `id-${index}` };
    return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
  });
  writeFileSync(join(folder, "prompts.jsonl"), lines.join("\n"));
});
afterEach(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true });
});
const start = childrenOfTests();

/** A run that has so many requests under way at an endpoint that takes so long. */
async function underWay(latency: string, concurrency: number): Promise<ChildProcess> {
  emulator = await startEmulator({ latency });
  const child = run("--concurrency", String(concurrency));
  await arrivals(child, concurrency);
  return child;
}

function run(...more: readonly string[]): ChildProcess {
  const args = [script, "run", join(folder, "prompts.jsonl"), "-o", output, "--base-url", emulator.baseUrl, ...more];
  return start(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
}

async function arrivals(child: ChildProcess, count: number): Promise<void> {
  while (emulator.stats().arrivals < count && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function said(child: ChildProcess): Promise<{ readonly code: number; readonly text: string }> {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const [code] = await once(child, "close");
  return { code, text };
}

/** The next run finishes the rest, and sends nothing again that was answered in the first. */
async function finishes(done: number): Promise<void> {
  const before = emulator.stats().arrivals;
  expect((await said(run("--concurrency", "50"))).code).toBe(0);
  expect(emulator.stats().arrivals - before).toBe(60 - done);
  expect(readFileSync(output, "utf8").trimEnd().split("\n")).toHaveLength(60);
}

test("the first Ctrl-C finishes what is under way and begins nothing new", { timeout: 20_000 }, async () => {
  const child = await underWay("400ms", 5);
  child.kill("SIGINT");
  const { code, text } = await said(child);
  expect(code).toBe(130);
  expect(text).toContain("run the same command again");
  expect(emulator.stats().byVerdict["answered"]).toBe(5);
  await finishes(5);
});

test("the second Ctrl-C stops now", async () => {
  const child = await underWay("60s", 5);
  // Two signals that come together are one: pressed until it helps, as people do.
  const pressing = setInterval(() => child.kill("SIGINT"), 100);
  // After its last word the process is taken down, and hears nothing any more.
  child.stderr?.on("data", (part) => {
    if (String(part).includes("requests left")) clearInterval(pressing);
  });
  const { code, text } = await said(child);
  clearInterval(pressing);
  expect(code).toBe(130);
  expect(text).toContain("60 requests left");
});

test("SIGTERM and SIGHUP end the run in order, before whoever sent them loses patience after ten seconds", {
  timeout: 30_000,
}, async () => {
  const first = await underWay("60s", 5);
  const second = run("--concurrency", "5", "-o", join(folder, "other.jsonl"));
  await arrivals(second, 10);
  const startedMs = performance.now();
  first.kill("SIGTERM");
  second.kill("SIGHUP");
  expect((await Promise.all([said(first), said(second)])).map(({ code }) => code)).toEqual([130, 130]);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

test("a reader that goes away ends nothing", async () => {
  emulator = await startEmulator({ latency: "50ms" });
  const child = run("--concurrency", "20");
  child.stderr?.once("data", () => child.stderr?.destroy());
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  expect(readFileSync(output, "utf8").trimEnd().split("\n")).toHaveLength(60);
});
