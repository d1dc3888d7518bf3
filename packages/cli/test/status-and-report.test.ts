import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator } from "@bide/emulator";
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
