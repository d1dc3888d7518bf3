import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Emulator, startEmulator } from "@bide/emulator";
import { beforeAll, expect, test } from "vitest";
import { bundled } from "./bundle.js";
import { childrenOfTests, ended } from "./children.js";

const KILLS = Number(process.env["BIDE_KILLS"] ?? (process.env["CI"] ? 40 : 10));
const ITEMS = 40 * KILLS;
const CONCURRENCY = 16;
const SEED = 7;
/** Calls of the store until a run begins on a journal that is filled: the last makes the row of the run count. */
const CALLS_OF_AN_OPENING = 17;

let folder: string;
let script: string;
let emulator: Emulator;

// One hook each, with what takes it back: also where a later one fails.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bide-kill-"));
  return () => rmSync(folder, { recursive: true });
});
beforeAll(async () => {
  script = await bundled(fileURLToPath(new URL("child.ts", import.meta.url)), "kill-child");
  return () => rmSync(script);
});
beforeAll(async () => {
  emulator = await startEmulator({ latency: "20ms", faults: ["500:2%", "reset:1%"], seed: SEED });
  return () => emulator.close();
});
const startChild = childrenOfTests();

/** Starts the run, whose every line on stdout is a result that it acknowledged. @param plan Where it kills itself. */
function start(acknowledged: Set<string>, plan: object = {}): ChildProcess {
  const files = [join(folder, "prompts.jsonl"), join(folder, "results.jsonl")];
  const args = [script, ...files, emulator.baseUrl, String(CONCURRENCY), JSON.stringify(plan)];
  const child = startChild(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) acknowledged.add(line);
  });
  return child;
}

/** Numbers in [0, 1), the same ones for the same seed. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** What had been acknowledged at a kill, and which requests had arrived in the run that it ended. */
interface Kill {
  readonly acknowledged: ReadonlySet<string>;
  readonly arrivals: number;
  readonly unacknowledged: ReadonlySet<string>;
}

/** How often each point is passed before the work of a run, of which every kill must leave some, is done. */
const PASSES = { opening: 2 * ITEMS, writing: 120, sending: 60, acknowledging: 40 } as const;

/** Seeded places, within the journal's opening, repair and filling, its writes, and around a request. */
function plans(): readonly { readonly at: string; readonly count: number }[] {
  const chance = chances(SEED);
  const points = Object.entries(PASSES);
  return Array.from({ length: KILLS }, (_, kill) => {
    const [at = "", passes = 0] = points[kill % points.length] ?? [];
    // The journal is filled once: what is opened later is passed sooner.
    const most = at === "opening" && kill > 0 ? CALLS_OF_AN_OPENING : passes;
    return { at, count: 1 + Math.floor(chance.next().value * most) };
  });
}

async function killedRuns(): Promise<Kill[]> {
  const kills: Kill[] = [];
  const acknowledged = new Set<string>();
  for (const plan of plans()) {
    const before = emulator.stats().arrivals;
    const child = start(acknowledged, plan);
    await ended(child);
    expect([plan, child.signalCode]).toEqual([plan, "SIGKILL"]);
    const arrived = emulator.log().filter(({ number }) => number > before);
    const unacknowledged = arrived.flatMap(({ userTag = "" }) => (acknowledged.has(userTag) ? [] : [userTag]));
    const { arrivals } = emulator.stats();
    kills.push({ acknowledged: new Set(acknowledged), arrivals, unacknowledged: new Set(unacknowledged) });
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
  const inFlight = kills.map(({ unacknowledged }) => unacknowledged);
  expect(Math.max(...inFlight.map(({ size }) => size))).toBeLessThanOrEqual(CONCURRENCY);
  const answered = log.filter((entry) => entry.verdict === "answered" && entry.completedAtMs !== undefined);
  const tags = answered.map(({ userTag = "" }) => userTag);
  const repeated = tags.filter((tag, index) => tags.indexOf(tag) !== index);
  expect(repeated.filter((tag) => !inFlight.some((ids) => ids.has(tag)))).toEqual([]);
  expect(repeated.length).toBeLessThanOrEqual(inFlight.reduce((sum, { size }) => sum + size, 0));
});
