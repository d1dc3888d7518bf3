import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { virtualClock } from "bide/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BatchEvent, type BatchOptions, type BatchSummary, readJournal, runBatch } from "../src/index.js";

// An endpoint that answers, and then no connection to it comes about, on virtual time.

let folder: string;
let clock: ReturnType<typeof virtualClock>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bide-outage-"));
  clock = virtualClock();
});
afterEach(() => rmSync(folder, { recursive: true }));

const ANSWER = { choices: [{ message: { role: "assistant", content: "42" } }], usage: { prompt_tokens: 1 } };

const answered = async (): Promise<Response> => {
  await clock.sleep(1000);
  return Response.json(ANSWER);
};
const refused = (): Promise<never> => {
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  return Promise.reject(new TypeError("fetch failed", { cause }));
};
const broken = (): Promise<never> =>
  Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) }));

/** Lets time go on while the files are real: their reading and writing takes none of it to speak of. */
async function driven<T>(promise: Promise<T>): Promise<T> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  promise.then(over, over);
  while (!isOver) {
    await clock.advance(50);
    await new Promise((turn) => setImmediate(turn));
  }
  return promise;
}

interface Outage {
  /** In seconds. */
  readonly from: number;
  readonly to: number;
}

/** When requests were made, in seconds, and what came of each item. */
interface Ran {
  readonly summary: BatchSummary;
  readonly triedAt: readonly number[];
  readonly events: readonly BatchEvent["type"][];
  readonly stoppedAt: number;
}

/** Runs so many items through an endpoint that is out of reach for a while. */
async function ran(items: number, { from, to }: Outage, options: Partial<BatchOptions> = {}): Promise<Ran> {
  const triedAt: number[] = [];
  const events: BatchEvent["type"][] = [];
  let startedMs: number | undefined;
  const inSeconds = (): number => {
    startedMs ??= clock.nowMs();
    return (clock.nowMs() - startedMs) / 1000;
  };
  const fetch = async (): Promise<Response> => {
    const now = inSeconds();
    triedAt.push(now);
    return now >= from && now < to ? refused() : answered();
  };
  const summary = await driven(
    runBatch({
      input: Array.from({ length: items }, (_, id) => ({
        custom_id: `id-${id}`,
        body: { model: "emu", messages: [] },
      })),
      output: join(folder, "results.jsonl"),
      baseUrl: "http://127.0.0.1:9/v1",
      quota: { learn: false },
      ...{ fetch, clock, concurrency: 10, maxAttempts: 1 },
      onEvent: ({ type }) => events.push(type),
      ...options,
    }),
  );
  return { summary, triedAt, events, stoppedAt: inSeconds() };
}

describe("an endpoint that has answered and is out of reach", () => {
  test("is waited for, however few attempts an item has, and all is done when it is back", async () => {
    const { summary, events } = await ran(100, { from: 3, to: 300 });

    expect(summary).toMatchObject({ succeeded: 100, failed: 0, open: 0, stop: undefined });
    // What was under way when it went still answers.
    const told = events.filter((type) => type.startsWith("endpoint"));
    expect([told[0], told.at(-1), events.includes("run-stopping")]).toEqual([
      ...["endpoint-lost", "endpoint-regained", false],
    ]);
  });

  test.each([1, 8])(
    "is looked at by one request at a time, less and less often, with %i attempts an item",
    async (most) => {
      const { triedAt } = await ran(100, { from: 3, to: 300 }, { maxAttempts: most });
      const early = triedAt.filter((at) => at >= 3 && at < 40);
      const late = triedAt.filter((at) => at >= 40 && at < 300);

      // Those that were under way, and looks after 1 s, 2 s, 4 s, 8 s and 16 s.
      expect(early.length).toBeLessThan(20);
      expect(late.length).toBeGreaterThan(6);
      expect(new Set(late.slice(1).map((at, index) => Math.round(at - (late[index] ?? 0))))).toEqual(new Set([30]));
    },
  );

  test("ends the run when it stays so for longer than `maxOutage`, and everything stays open", async () => {
    const { summary, stoppedAt } = await ran(100, { from: 3, to: Infinity }, { maxOutage: "2m" });

    const stop = { reason: "unreachable", message: "127.0.0.1:9 cannot be reached (no connection)" };
    expect(summary).toMatchObject({ succeeded: 30, failed: 0, open: 70, stop });
    expect(stoppedAt).toBeGreaterThanOrEqual(123);
    expect(stoppedAt).toBeLessThan(130);
  });

  test("is not waited for where `maxOutage` is nought", async () => {
    const untold = await ran(100, { from: 3, to: Infinity }, { maxOutage: 0 });
    expect(untold.summary).toMatchObject({ failed: 0, open: 70, stop: { reason: "unreachable" } });
    expect(untold.stoppedAt).toBeLessThan(10);
  });

  test("is not waited for where it has never answered: its address may be wrong", async () => {
    const never = await ran(100, { from: 0, to: Infinity });
    expect(never.summary).toMatchObject({ failed: 0, open: 100, stop: { reason: "unreachable" } });
    expect(never.triedAt.length).toBeLessThanOrEqual(10);
    expect(never.stoppedAt).toBeLessThan(1);
  });

  test("is waited for by the last items of a file as well", async () => {
    const { summary } = await ran(13, { from: 0.5, to: 100 });

    expect(summary).toMatchObject({ succeeded: 13, failed: 0, open: 0, stop: undefined });
  });

  test("is waited for no longer than the time budget", async () => {
    const { summary, stoppedAt } = await ran(100, { from: 3, to: Infinity }, { timeBudget: "1m" });

    expect(summary).toMatchObject({ failed: 0, open: 70, stop: { reason: "time-budget" } });
    expect(stoppedAt).toBeLessThan(62);
  });

  test("nor longer than the caller wants", async () => {
    const drain = new AbortController();
    void clock.sleep(20_000).then(() => drain.abort());
    const { summary, stoppedAt } = await ran(100, { from: 3, to: Infinity }, { drain: drain.signal });

    expect(summary).toMatchObject({ failed: 0, open: 70, stop: { reason: "interrupted" } });
    expect(stoppedAt).toBeLessThan(22);
  });
});

describe("a request that never left", () => {
  const twice = (steps: readonly (() => Promise<Response>)[]): typeof fetch => {
    let count = 0;
    return (_, init) => (String(init?.body).includes("odd") ? (steps[count++] ?? answered)() : answered());
  };
  const input = ["odd", ...Array.from({ length: 30 }, (_, id) => `even ${id}`)].map((content, id) => {
    return { custom_id: `id-${id}`, body: { model: "emu", messages: [{ role: "user", content }] } };
  });
  const busy = async (): Promise<Response> => Response.json({ error: { message: "busy" } }, { status: 503 });

  test.each([
    ["an answer", busy],
    ["a broken connection", broken],
  ])("consumes no attempt of an item, also after %s", async (_, first) => {
    const fetch = twice([first, refused, refused]);
    const { summary } = await ran(0, { from: 0, to: 0 }, { input, fetch, maxAttempts: 2, concurrency: 2 });

    expect(summary).toMatchObject({ succeeded: 31, failed: 0, open: 0, stop: undefined });
  });

  test("gives no item more attempts than it has: what brings its server down each time fails in the end", async () => {
    const fetch = twice(Array.from({ length: 40 }, (_, step) => (step % 2 === 0 ? broken : refused)));
    const { summary } = await ran(0, { from: 0, to: 0 }, { input, fetch, maxAttempts: 2, concurrency: 2 });

    expect(summary).toMatchObject({ succeeded: 30, failed: 1, open: 0, stop: undefined });
    const journal = readJournal(join(folder, "results.jsonl"));
    const codes = [...journal.attempts()].filter(({ customId }) => customId === "id-0").map(({ code }) => code);
    journal.close();
    expect(codes.filter((code) => code !== "network.unreached").length).toBeLessThan(4);
  });
});
