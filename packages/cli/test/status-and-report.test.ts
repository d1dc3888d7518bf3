import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openLibsql, runBatch } from "@bide/batch";
import { startEmulator } from "@bide/emulator";
import { systemClock } from "bide";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../src/main.js";
import { fakeIo } from "./fake-io.js";

let folder: string;
let results: string;

/** One run of 20 items through a key whose money is spent before all are done. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bide-status-"));
  results = join(folder, "results.jsonl");
  const body = (index: number) => ({
    model: "gpt-4o-mini",
    max_tokens: 16,
    messages: [{ role: "user", content: `Secret ${index}` }],
  });
  const lines = Array.from({ length: 20 }, (_, index) =>
    JSON.stringify({ custom_id: `item-${index}`, method: "POST", url: "/v1/chat/completions", body: body(index) }),
  );
  writeFileSync(join(folder, "prompts.jsonl"), lines.join("\n"));
  await using emulator = await startEmulator({ latency: "5ms", money: 200 });
  const run = ["run", join(folder, "prompts.jsonl"), "-o", results, "--base-url", emulator.baseUrl];
  expect(await main([...run, "--rpm", "60000", "--concurrency", "1"], fakeIo())).toBe(3);
});

afterAll(() => rmSync(folder, { recursive: true }));

async function told(...args: readonly string[]): Promise<{ code: number; printed: string; said: string }> {
  const io = fakeIo();
  return { code: await main(args, io), printed: io.printed(), said: io.said() };
}

describe("bide status", () => {
  test("says how a run ended and what is left", async () => {
    const { code, printed } = await told("status", results);

    expect(code).toBe(0);
    expect(printed).toMatch(/quota; run the same command again to go on with the \d+ requests left\n/);
    expect(printed).toMatch(/^done +\d+ of 20 \(\d+%\)$/m);
    expect(printed).toMatch(/^cost +\$0\.0\d+$/m);
  });

  test("--json: the same for programs", async () => {
    const status = JSON.parse((await told("status", results, "--json")).printed);

    expect(status).toMatchObject({ state: "stopped", ending: "quota", total: 20, inFlight: 0 });
    expect(status.done + status.waiting).toBe(20);
    expect(status.attempts).toBe(status.done + 1);
  });
});

describe("bide status of a run that has only begun", () => {
  let later: string;

  /** Two requests are done; of a second run over three it is told how it stands while it reads, and at its first request. */
  async function twice(between: (output: string) => void = () => undefined) {
    later = join(mkdtempSync(join(tmpdir(), "bide-status-")), "results.jsonl");
    const seen: Record<string, unknown>[] = [];
    const look = async () => {
      const { printed } = await told("status", later, "--json");
      seen.push({ ...JSON.parse(printed), text: (await told("status", later)).printed });
    };
    async function* requests(count: number) {
      if (count === 3) await look();
      for (let index = 0; index < count; index++) yield { custom_id: `${index}`, body: { model: "emu", messages: [] } };
    }
    const answer: typeof fetch = async () => Response.json({ choices: [{ message: {} }], usage: { prompt_tokens: 9 } });
    const looked: typeof fetch = async (...args) => {
      await look();
      return answer(...args);
    };
    // Nobody is told anything each second: that comes later.
    const sleep = (ms: number, signal?: AbortSignal) =>
      ms < 1000 ? systemClock.sleep(ms, signal) : new Promise<void>(() => {});
    const clock = { ...systemClock, nowMs: systemClock.nowMs, wallNowMs: systemClock.wallNowMs, sleep };
    const options = { output: later, baseUrl: "http://127.0.0.1:9/v1", quota: { learn: false }, clock };
    await runBatch({ ...options, input: requests(2), fetch: answer });
    between(later);
    await runBatch({ ...options, input: requests(3), fetch: looked });
    rmSync(dirname(later), { recursive: true });
    return seen;
  }

  test("while it reads its input: it runs, and nothing of the run before is told as its own", async () => {
    const [reading] = await twice();

    expect(reading).toMatchObject({ state: "running", total: 2, done: 2, attempts: 0, inputTokens: 0, elapsedMs: 0 });
    expect(reading).not.toHaveProperty("pid");
    expect(reading?.["text"]).toContain(`${later}  running: reads its input\n`);
  });

  test("nor of a run before that was killed", async () => {
    const [reading] = await twice((output) => {
      const journal = openLibsql(`${output}.bide`);
      journal.exec("UPDATE runs SET ended_ms = NULL, ending = NULL");
      journal.close();
    });

    expect(reading).toMatchObject({ state: "running", attempts: 0, inputTokens: 0 });
    expect(reading).not.toHaveProperty("pid");
  });

  test("in its first second: its own process and time, and figures that begin at nought", async () => {
    const [, begun] = await twice();

    expect(begun).toMatchObject({ state: "running", total: 3, done: 2, attempts: 0, inputTokens: 0, pid: process.pid });
    expect(begun?.["toldAgoMs"]).toBeLessThan(60_000);
    expect(begun?.["text"]).toContain(`(process ${process.pid})\n`);
  });
});

describe("bide run --dry-run", () => {
  const ARGS = ["--base-url", "http://127.0.0.1:9/v1", "--rpm", "60", "--dry-run"];

  test("prints what the rest will take, and sends nothing", async () => {
    const { code, printed } = await told("run", join(folder, "prompts.jsonl"), "-o", results, ...ARGS);

    expect(code).toBe(0);
    expect(printed).toContain("nothing was sent\n");
    expect(printed).toMatch(/^requests +\d+ left of 20$/m);
    expect(printed).toMatch(/^time +\S+ s and the time of the last answer, bound by requests per minute$/m);
  });

  test("--json: the same for programs", async () => {
    const { printed } = await told("run", join(folder, "prompts.jsonl"), "-o", results, ...ARGS, "--json");

    expect(JSON.parse(printed)).toMatchObject({ type: "run-estimated", total: 20, binds: "requests", currency: "USD" });
  });
});

describe("bide report", () => {
  test("writes one page beside the results, says where, and gives its advice", async () => {
    const { code, printed, said } = await told("report", results);
    const page = join(folder, "results.html");

    expect({ code, printed }).toEqual({ code: 0, printed: `${page}\n` });
    expect(said).toContain("The key ran out of money");
    expect(readFileSync(page, "utf8")).toMatch(/^<!doctype html>/);
    expect(readFileSync(page, "utf8")).not.toContain("Secret");
  });

  test("-o: writes it where it is told", async () => {
    const page = join(folder, "page.html");
    await told("report", results, "-o", page);

    expect(existsSync(page)).toBe(true);
  });

  test("--json: what the page says, for programs, and no page", async () => {
    const { printed } = await told("report", results, "--json", "-o", join(folder, "none.html"));

    expect(JSON.parse(printed)).toMatchObject({
      name: "results.jsonl",
      counts: { total: 20 },
      limits: { rpm: 60_000 },
    });
    expect(existsSync(join(folder, "none.html"))).toBe(false);
  });

  test("a page that cannot be written: names it, exit code 2", async () => {
    const { code, said } = await told("report", results, "-o", join(folder, "none", "page.html"));

    expect(code).toBe(2);
    expect(said).toContain(`bide: ${join(folder, "none", "page.html")}: the report cannot be written (ENOENT)`);
  });
});

test.each(["status", "report", "export"])(
  "bide %s without a journal: names what is missing, exit code 2",
  async (command) => {
    const { code, said } = await told(command, join(folder, "other.jsonl"));

    expect(code).toBe(2);
    expect(said).toBe(
      `bide: ${join(folder, "other.jsonl.bide")}: there is no such journal; name the output that was given to the run\n`,
    );
  },
);
