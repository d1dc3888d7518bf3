import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJournal } from "@bide/batch";
import { type Emulator, type EmulatorOptions, startEmulator } from "@bide/emulator";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bundled } from "../../batch/test/bundle.js";
import { childrenOfTests } from "../../batch/test/children.js";
import { killProcessOf, onTerminal } from "./terminal.js";

// The program as a person meets it: a process of its own, on a terminal or in a pipe, against a real endpoint.

let program: string;
let folder: string;
let emulator: Emulator;

beforeAll(async () => {
  program = await bundled(fileURLToPath(new URL("program.ts", import.meta.url)), "cli-terminal");
  return () => rmSync(program);
}, 60_000);

// One hook each, with what takes it back: also where a later one fails.
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bide-terminal-"));
  return () => rmSync(folder, { recursive: true });
});

afterEach(() => emulator.close());

const startChild = childrenOfTests();

// Who is on a terminal outlives the program that makes it.
afterEach(() => killProcessOf(pidFile()));

const output = (): string => join(folder, "results.jsonl");
const pidFile = (): string => join(folder, "pid");

interface Surroundings {
  readonly items: number;
  readonly emulate?: EmulatorOptions;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly more?: readonly string[];
}

/** A run that has been started, and what it wrote so far. */
interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  out(): string;
  err(): string;
}

/** Starts `bide run` on that many items, on a terminal when `columns` are given. */
async function started({ items, emulate, columns, env, more = [] }: Surroundings): Promise<Started> {
  emulator = await startEmulator({ latency: "20ms", ...emulate });
  const body = (index: number) => ({
    model: "gpt-4o-mini",
    max_tokens: 16,
    messages: [{ role: "user", content: `Hey ${index}` }],
  });
  const lines = Array.from({ length: items }, (_, index) =>
    JSON.stringify({ custom_id: `item-${index}`, method: "POST", url: "/v1/chat/completions", body: body(index) }),
  );
  writeFileSync(join(folder, "prompts.jsonl"), lines.join("\n"));
  return again(columns, env, more);
}

/** Starts the same command once more. */
function again(columns?: number, env: Surroundings["env"] = {}, more: readonly string[] = []): Started {
  const args = ["run", join(folder, "prompts.jsonl"), "-o", output(), "--base-url", emulator.baseUrl, ...more];
  const plain = [process.execPath, [program, ...args]] as const;
  const [command, words] =
    columns === undefined ? plain : onTerminal(columns, [process.execPath, program, ...args], pidFile());
  // Only what a test says is set: a run in CI must not look like one here.
  const { PATH = "", HOME = "" } = process.env;
  const child = startChild(command, words, { env: { PATH, HOME, TERM: "xterm-256color", LANG: "C.UTF-8", ...env } });
  let [out, err] = ["", ""];
  child.stdout?.on("data", (text) => (out += text));
  child.stderr?.on("data", (text) => (err += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, ended, out: () => out, err: () => err };
}

async function finished(surroundings: Surroundings): Promise<Started & { readonly code: number | null }> {
  const run = await started(surroundings);
  return { ...run, code: await run.ended };
}

/** Waits for what a run does from another process. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function ids(): readonly string[] {
  return readFileSync(output(), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).custom_id);
}

const allIds = (items: number): readonly string[] => Array.from({ length: items }, (_, index) => `item-${index}`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const COLOURS = /\u001b\[[0-9;]*m/g;

describe("bide run on a terminal", { timeout: 60_000 }, () => {
  test("60 columns: a view that no line of wraps, with all that there is to know, and a summary in its place", async () => {
    const run = await finished({
      items: 60,
      columns: 60,
      emulate: { latency: "600ms" },
      more: ["--rpm", "6000", "--burst", "10"],
    });

    const lines = run.out().replace(ESCAPES, "").split(/\r?\n/);
    const view = lines.slice(
      0,
      lines.findIndex((line) => line.startsWith("succeeded")),
    );
    expect(Math.max(...view.slice(1).map((line) => line.length))).toBeLessThanOrEqual(59);
    for (const part of [
      /█/,
      /done \d+ {2}failed 0 {2}in flight \d+ {2}waiting \d+/,
      /requests .*\/min of 6\.0k/,
      /tokens/,
    ]) {
      expect(view.some((line) => part.test(line))).toBe(true);
    }
    expect(run.out()).toMatch(COLOURS);
    expect(lines).toContain("succeeded  60 of 60");
    expect(run.code).toBe(0);
  });

  test("NO_COLOR: the view is there, and no colour", async () => {
    const run = await finished({ items: 10, columns: 80, env: { NO_COLOR: "1" } });

    expect(run.out()).toContain("\u001b[J");
    expect(run.out()).not.toMatch(COLOURS);
  });

  test("without UTF-8, the bar is made of plain signs", async () => {
    const run = await finished({ items: 10, columns: 80, env: { LANG: "C" } });

    expect(run.out()).toContain("---");
    expect(run.out()).not.toContain("█");
  });

  test.each([{ TERM: "dumb" }, { CI: "true" }])("%j: lines, and nothing that moves a cursor", async (env) => {
    const run = await finished({ items: 10, columns: 80, env });

    expect(run.out()).not.toContain("\u001b");
    expect(run.out()).toContain("succeeded  10 of 10");
  });

  test("Ctrl-C once: finishes what is under way, says how to go on, and the same command does", async () => {
    const run = await started({ items: 40, columns: 80, emulate: { latency: "500ms" }, more: ["--concurrency", "4"] });
    await until(() => emulator.stats().completed >= 2);
    run.child.stdin?.write("\u0003");

    expect(await run.ended).toBe(130);
    expect(run.out()).toContain("stopping: finishing what is under way; Ctrl-C again stops now");
    expect(run.out()).toMatch(/left: run the same command again to go on; bide export \S+ writes what is done/);
    const { arrivals, completed } = emulator.stats();
    expect(completed).toBe(arrivals);

    expect(await again().ended).toBe(0);
    expect(ids()).toEqual(allIds(40));
    expect(emulator.stats().arrivals).toBe(40);
  });

  test("Ctrl-C twice: stops now, and what was under way stays open", async () => {
    const run = await started({ items: 10, columns: 80, emulate: { latency: "1h" }, more: ["--concurrency", "4"] });
    await until(() => emulator.stats().arrivals === 4);
    run.child.stdin?.write("\u0003");
    await until(() => run.out().includes("stopping"));
    run.child.stdin?.write("\u0003");

    expect(await run.ended).toBe(130);
    expect(run.out()).toContain("10 requests left");
  });

  test("a terminal that goes away: what is under way is finished and kept", async () => {
    const run = await started({ items: 40, columns: 80, emulate: { latency: "300ms" }, more: ["--concurrency", "4"] });
    await until(() => emulator.stats().completed >= 2 && existsSync(`${output()}.bide`));
    run.child.kill("SIGKILL");
    await run.ended;
    const reader = readJournal(output());
    await until(() => !reader.isRunning);

    expect(reader.runs().at(-1)?.ending).toBe("interrupted");
    expect(reader.counts().succeeded).toBe(emulator.stats().completed);
    reader.close();
  });
});

describe("bide run in a pipe", { timeout: 60_000 }, () => {
  test("plain lines on stderr, nothing on stdout", async () => {
    const run = await finished({ items: 20 });

    expect(run.out()).toBe("");
    expect(run.err()).not.toContain("\u001b");
    expect(run.err()).toMatch(/prompts\.jsonl: 20 requests\nsucceeded {2}20 of 20\n/);
  });

  test("--json: events on stdout, one a line, with neither prompts nor answers, and nothing on stderr", async () => {
    const run = await finished({ items: 20, more: ["--json"], emulate: { latency: "1200ms", faults: ["500:100%:1"] } });
    const events = run
      .out()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

    expect(events.every(({ type, timeMs }) => typeof type === "string" && Number.isInteger(timeMs))).toBe(true);
    expect(events[0]).toMatchObject({ type: "run-started", total: 20, before: 0 });
    expect(events.filter(({ type }) => type === "item-done")).toHaveLength(20);
    expect(events.filter(({ type }) => type === "attempt-ended")).toHaveLength(40);
    expect(events.find(({ type }) => type === "run-progressed")).toMatchObject({
      total: 20,
      waiting: expect.any(Number),
    });
    expect(events.at(-1)).toMatchObject({ type: "run-ended", exitCode: 0, succeeded: 20, open: 0 });
    expect(run.out()).not.toContain("Hey");
    expect(run.err()).toBe("");
  });

  test("a reader that leaves early ends nothing", async () => {
    const run = await started({ items: 30, more: ["--json"], emulate: { latency: "200ms" } });
    run.child.stdout?.once("data", () => run.child.stdout?.destroy());

    expect(await run.ended).toBe(0);
    expect(ids()).toEqual(allIds(30));
  });
});
