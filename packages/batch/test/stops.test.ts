import { startEmulator } from "@bide/emulator";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BatchEvent, readJournal } from "../src/index.js";
import { batchLines, type Fixture, fixture, prompts } from "./batch-fixture.js";

let f: Fixture;

beforeEach(async () => {
  f = await fixture();
});
afterEach(() => f.close());

const PRICES = { date: "2026-01-31", currency: "USD", models: { emu: { input: 1000, output: 1000 } } };
const REFUSED = JSON.stringify({ error: { message: "no", type: "invalid_request_error", code: "invalid_value" } });

function answer(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
}

describe("what ends a run before its file, and leaves the rest for the next one", () => {
  test("spent money: one request after another is not sent, and the next run goes on", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(40)));
    let sent = 0;
    const broke: typeof fetch = async (url, init) => {
      if (++sent <= 10) return fetch(url, init);
      return answer(
        429,
        JSON.stringify({ error: { message: "pay", type: "insufficient_quota", code: "insufficient_quota" } }),
      );
    };
    const summary = await f.run(input, { fetch: broke, concurrency: 4 });
    expect(summary.stop?.reason).toBe("quota");
    expect(summary).toMatchObject({ succeeded: 10, failed: 0, open: 30 });
    expect(sent).toBeLessThanOrEqual(10 + 4);
    expect(await f.run(input)).toMatchObject({ succeeded: 40, before: 10, attempts: 30 });
  });

  test("a key that is refused", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(5)));
    const refused: typeof fetch = async () =>
      answer(
        401,
        JSON.stringify({ error: { message: "bad key", type: "invalid_request_error", code: "invalid_api_key" } }),
      );
    const summary = await f.run(input, { fetch: refused });
    expect(summary).toMatchObject({ succeeded: 0, failed: 0, open: 5, stop: { reason: "auth" } });
  });

  test("with another key, the other one takes over all of it", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(20)));
    const refusing: typeof fetch = (url, init) =>
      new Headers(init?.headers).get("authorization") === "Bearer spent"
        ? Promise.resolve(answer(401, REFUSED))
        : fetch(url, init);
    const { baseUrl } = f.emulator;
    const endpoints = [
      { baseUrl, apiKey: "spent" },
      { baseUrl, apiKey: "good" },
    ];
    const summary = await f.run(input, { fetch: refusing, endpoints, concurrency: 4 });
    expect(summary).toMatchObject({ succeeded: 20, failed: 0, stop: undefined });
  });

  test("a wait of three days ends the run, and tells how long", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(3)));
    const limited: typeof fetch = async () =>
      answer(
        429,
        JSON.stringify({ error: { type: "requests", code: "rate_limit_exceeded", message: "requests per day" } }),
        {
          "retry-after": "259200",
        },
      );
    const summary = await f.run(input, { fetch: limited });
    expect(summary).toMatchObject({ open: 3, failed: 0, stop: { reason: "long-wait" } });
    expect(summary.stop?.message).toContain("72 h 0 min");
  });

  test("an endpoint that cannot be reached fails no item", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(50)));
    const offline: typeof fetch = async () => {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });
    };
    const summary = await f.run(input, { fetch: offline, maxAttempts: 1 });
    expect(summary).toMatchObject({ succeeded: 0, failed: 0, open: 50, stop: { reason: "unreachable" } });
  });

  test.each([1, 4])("an endpoint that is out of reach fails not one of %i items", async (count) => {
    const input = f.write("prompts.jsonl", batchLines(prompts(count)));
    const offline: typeof fetch = async () => {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });
    };
    const summary = await f.run(input, { fetch: offline, maxAttempts: 1 });
    const { host } = new URL(f.emulator.baseUrl);
    const stop = { reason: "unreachable", message: `${host} cannot be reached (ECONNREFUSED)` };
    expect(summary).toMatchObject({ succeeded: 0, failed: 0, open: count, stop });
    expect(await f.run(input)).toMatchObject({ succeeded: count, failed: 0, open: 0, stop: undefined });
  });

  test("a network that is gone at the end of the file leaves the last ones open", async () => {
    const input = f.write("prompts.jsonl", batchLines([...prompts(6), "last"]));
    const goes: typeof fetch = (url, init) => {
      if (!String(init?.body).includes("last")) return fetch(url, init);
      const cause = Object.assign(new Error("not found"), { code: "ENOTFOUND" });
      return Promise.reject(new TypeError("fetch failed", { cause }));
    };
    const summary = await f.run(input, { fetch: goes, maxAttempts: 1, concurrency: 1, maxOutage: 0 });
    expect(summary).toMatchObject({ succeeded: 6, failed: 0, open: 1, stop: { reason: "unreachable" } });
  });

  test("the only request, when its connection breaks, has failed", async () => {
    const input = f.write("prompts.jsonl", batchLines(["poison"]));
    const breaks: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));
    const summary = await f.run(input, { fetch: breaks, maxAttempts: 1 });
    expect(summary).toMatchObject({ succeeded: 0, failed: 1, open: 0, stop: undefined });
  });

  test("one request that breaks every connection fails alone", async () => {
    const input = f.write("prompts.jsonl", batchLines(["poison", ...prompts(20)]));
    const poisoned: typeof fetch = (url, init) =>
      String(init?.body).includes("poison") ? Promise.reject(new TypeError("fetch failed")) : fetch(url, init);
    const summary = await f.run(input, { fetch: poisoned, maxAttempts: 1 });
    expect(summary).toMatchObject({ succeeded: 20, failed: 1, open: 0, stop: undefined });
    expect(f.lines("results.errors.jsonl")).toMatchObject([{ custom_id: "id-0", response: null }]);
  });

  test("a budget of money is never exceeded, and its rest is used up", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(50)));
    const whole = await f.run(input, { prices: PRICES, output: `${f.folder}/whole.jsonl` });
    const maxCost = whole.cost / 2;
    const half = await f.run(input, { prices: PRICES, maxCost, concurrency: 8 });
    expect(half.stop?.reason).toBe("max-cost");
    expect(half.cost).toBeLessThanOrEqual(maxCost);
    expect(half.cost).toBeGreaterThan(maxCost * 0.8);
    const again = await f.run(input, { prices: PRICES, maxCost });
    expect(again.cost + half.cost).toBeLessThanOrEqual(maxCost);
  });

  test("a budget of time", async () => {
    const slow = await startEmulator({ latency: "30ms" });
    const input = f.write("prompts.jsonl", batchLines(prompts(200)));
    const summary = await f.run(input, { baseUrl: slow.baseUrl, timeBudget: 100, concurrency: 2 });
    await slow.close();
    expect(summary.stop?.reason).toBe("time-budget");
    expect(summary.succeeded + summary.open).toBe(200);
  });

  test("a limit does so many and leaves the rest; a sample takes them from everywhere", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(100)));
    expect(await f.run(input, { limit: 3 })).toMatchObject({ succeeded: 3, open: 97, stop: { reason: "limit" } });
    expect(f.lines("results.jsonl").map(({ custom_id }) => custom_id)).toEqual(["id-0", "id-1", "id-2"]);
    await f.run(input, { sample: 4, output: `${f.folder}/sample.jsonl` });
    expect(f.lines("sample.jsonl").map(({ custom_id }) => custom_id)).toEqual(["id-12", "id-37", "id-62", "id-87"]);
  });
});

test("failures stay failures until they are asked for again", async () => {
  const input = f.write("prompts.jsonl", batchLines(["a", "b"]));
  const refusing: typeof fetch = (url, init) =>
    String(init?.body).includes('"a"') ? Promise.resolve(answer(400, REFUSED)) : fetch(url, init);
  expect(await f.run(input, { fetch: refusing })).toMatchObject({ succeeded: 1, failed: 1 });
  expect(f.lines("results.errors.jsonl")).toMatchObject([
    { custom_id: "id-0", response: { status_code: 400 }, error: null },
  ]);
  const begun: unknown[] = [];
  const onEvent = (event: BatchEvent): void => {
    if (event.type === "run-started") begun.push([event.progress.before, event.progress.failedBefore]);
  };
  expect(await f.run(input, { onEvent })).toMatchObject({ attempts: 0, failed: 1 });
  const again = { retryFailed: true, onEvent };
  expect(await f.run(input, again)).toMatchObject({ attempts: 1, succeeded: 2, failed: 0 });
  expect(begun).toEqual([
    [2, 1],
    [1, 0],
  ]);
});

test("the journal tells each attempt, what it meant and what it took, and each run", async () => {
  const input = f.write("prompts.jsonl", batchLines(["a"]));
  let sent = 0;
  const shaky: typeof fetch = (url, init) => (++sent === 1 ? Promise.resolve(answer(503, "{}")) : fetch(url, init));
  const events: BatchEvent["type"][] = [];
  await f.run(input, { fetch: shaky, prices: PRICES, onEvent: ({ type }) => events.push(type) });
  const journal = readJournal(f.output);
  const attempts = [...journal.attempts()];
  expect(attempts).toMatchObject([
    { customId: "id-0", number: 1, status: 503, class: "overload", model: "emu", maxTokens: 16, inputTokens: 0 },
    { customId: "id-0", number: 2, status: 200, class: undefined, endpoint: 0, maxTokens: 16 },
  ]);
  const [, last] = attempts;
  expect(last?.cost).toBeCloseTo(((last?.inputTokens ?? 0) + (last?.outputTokens ?? 0)) / 1000);
  expect(journal.runs()).toMatchObject([{ ending: "done", settings: { concurrency: 64, maxAttempts: 8 } }]);
  expect([...journal.items()]).toMatchObject([{ line: 1, customId: "id-0", state: "succeeded" }]);
  expect([...journal.models()]).toEqual([["emu", 1]]);
  expect(journal.isRunning).toBe(false);
  journal.close();
  expect(events).toEqual([
    ...[
      "run-started",
      "attempt-started",
      "attempt-ended",
      "attempt-started",
      "attempt-ended",
      "item-done",
      "run-ended",
    ],
  ]);
});

test("each attempt is written down for its own item, also where many wait for their quota and time out at once", async () => {
  const input = f.write("prompts.jsonl", batchLines(prompts(30)));
  const seen = new Set<string>();
  const silentFirst: typeof fetch = (url, init) => {
    const body = String(init?.body);
    if (seen.has(body)) return fetch(url, init);
    seen.add(body);
    return new Promise((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
  };
  await f.run(input, { fetch: silentFirst, attemptTimeout: 100, quota: { rpm: 60_000, burst: 5, learn: false } });
  const journal = readJournal(f.output);
  const codes = new Map<string, (string | undefined)[]>();
  for (const { customId, code } of journal.attempts()) codes.set(customId, [...(codes.get(customId) ?? []), code]);
  journal.close();
  expect(codes.size).toBe(30);
  expect([...codes.values()].every((each) => each[0] === "network.timeout" && each.at(-1) === undefined)).toBe(true);
  expect([...codes.values()].every((each) => each.length >= 2)).toBe(true);
});

test("a bound on money that cannot be counted is refused before anything is sent", async () => {
  const input = f.write("prompts.jsonl", batchLines(["a"], { model: "unheard-of" }));
  await expect(f.run(input, { maxCost: 1 })).rejects.toThrow("expected `prices` to be a price for every model");
  expect(f.emulator.stats().arrivals).toBe(0);
});
