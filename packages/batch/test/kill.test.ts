import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Emulator, startEmulator } from "@bide/emulator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundled } from "./bundle.js";

const KILLS = Number(process.env["BIDE_KILLS"] ?? 10);
const ITEMS = 40 * KILLS;
const CONCURRENCY = 16;
const SEED = 7;

let folder: string;
let script: string;
let emulator: Emulator;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bide-kill-"));
  script = await bundled(fileURLToPath(new URL("child.ts", import.meta.url)), "kill-child");
  emulator = await startEmulator({ latency: "60ms", faults: ["500:2%", "reset:1%"], seed: SEED });
});

afterAll(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true });
  rmSync(script);
});

/** Starts the run, whose every line on stdout is a result that it acknowledged. */
function start(acknowledged: Set<string>): ChildProcess {
  const files = [join(folder, "prompts.jsonl"), join(folder, "results.jsonl")];
  const child = spawn(process.execPath, [script, ...files, emulator.baseUrl, String(CONCURRENCY)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) acknowledged.add(line);
  });
  return child;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("close", resolve));
}

/** Numbers in [0, 1), the same ones for the same seed. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** The place of each kill: what had been acknowledged by then, and how many requests had arrived. */
interface Kill {
  readonly acknowledged: ReadonlySet<string>;
  readonly arrivals: number;
}

async function killedRuns(): Promise<Kill[]> {
  const kills: Kill[] = [];
  const acknowledged = new Set<string>();
  const chance = chances(SEED);
  for (let kill = 0; kill < KILLS; kill++) {
    const child = start(acknowledged);
    // From before the first line of the program to well into the sending; the work must last for all kills.
    await new Promise((resolve) => setTimeout(resolve, chance.next().value * 500));
    child.kill("SIGKILL");
    await ended(child);
    kills.push({ acknowledged: new Set(acknowledged), arrivals: emulator.stats().arrivals });
  }
  return kills;
}

function writeInput(): void {
  const lines = Array.from({ length: ITEMS }, (_, index) => {
    const body = { model: "emu", messages: [{ role: "user", content: `Question ${index}` }], user: `id-${index}` };
    return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
  });
  writeFileSync(join(folder, "prompts.jsonl"), lines.join("\n"));
}

test(`${KILLS} kills lose nothing and send nothing again that was acknowledged`, {
  timeout: KILLS * 6000,
}, async () => {
  writeInput();
  const kills = await killedRuns();
  expect(await ended(start(new Set()))).toBe(0);

  const results = readFileSync(join(folder, "results.jsonl"), "utf8").trimEnd().split("\n");
  const ids: string[] = results.map((line) => JSON.parse(line).custom_id);
  expect(ids).toEqual(Array.from({ length: ITEMS }, (_, index) => `id-${index}`));

  const log = emulator.log();
  for (const { acknowledged, arrivals } of kills) {
    const sentAgain = log.filter((entry) => entry.number > arrivals && acknowledged.has(entry.userTag ?? ""));
    expect(sentAgain).toEqual([]);
  }
  const answered = log.filter((entry) => entry.verdict === "answered" && entry.completedAtMs !== undefined);
  const repeated = answered.length - new Set(answered.map((entry) => entry.userTag)).size;
  expect(kills.some(({ acknowledged }) => acknowledged.size > 0)).toBe(true);
  expect(repeated).toBeLessThanOrEqual(KILLS * CONCURRENCY);
});
