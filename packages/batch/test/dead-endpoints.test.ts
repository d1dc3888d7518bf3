import { createServer } from "node:net";
import { startEmulator } from "@bide/emulator";
import { type Clock, systemClock } from "bide";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BatchEvent, type BatchOptions, readJournal } from "../src/index.js";
import { batchLines, type Fixture, fixture, prompts } from "./batch-fixture.js";

let f: Fixture;
let dead: { readonly baseUrl: string };
let alive: { readonly baseUrl: string };

beforeEach(async () => {
  f = await fixture();
  const quota = { learn: false };
  dead = { baseUrl: `http://127.0.0.1:${await closedPort()}/v1`, ...{ quota } };
  alive = { baseUrl: f.emulator.baseUrl, ...{ quota } };
});
afterEach(() => f.close());

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => void server.close(closed));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** The endpoints of all attempts, in the order in which these ended, and what is told of endpoints after them. */
function endpointsTried(): Pick<BatchOptions, "onEvent"> & { readonly tried: unknown[] } {
  const tried: unknown[] = [];
  const onEvent = (event: BatchEvent): void => {
    if (event.type === "attempt-ended") tried.push(event.attempt.endpoint);
    if (event.type === "endpoint-lost" || event.type === "endpoint-regained") tried.push(event.type);
  };
  return { tried, onEvent };
}

function refusal(): Promise<never> {
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  return Promise.reject(new TypeError("fetch failed", { cause }));
}

describe("of several endpoints, one that no connection comes about to", () => {
  test.each([1, 8])("is left alone after the first request, with %i attempts an item", async (maxAttempts) => {
    const input = f.write("prompts.jsonl", batchLines(prompts(20)));
    const { tried, onEvent } = endpointsTried();
    const summary = await f.run(input, { endpoints: [dead, alive], concurrency: 1, maxAttempts, onEvent });
    expect(summary).toMatchObject({ succeeded: 20, failed: 0, open: 0, stop: undefined });
    expect(tried).toEqual([0, "endpoint-lost", ...Array.from({ length: 20 }, () => 1)]);
  });

  test("fails none of many at once, and the journal tells whom each went to", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(100)));
    const summary = await f.run(input, { endpoints: [dead, alive, dead], concurrency: 30 });
    expect(summary).toMatchObject({ succeeded: 100, failed: 0, open: 0 });
    const journal = readJournal(f.output);
    const attempts = [...journal.attempts()];
    journal.close();
    expect(attempts.filter(({ status }) => status === 200).map(({ endpoint }) => endpoint)).toEqual(
      Array.from({ length: 100 }, () => 1),
    );
    const lost = attempts.filter(({ code }) => code === "network.unreached");
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThanOrEqual(30 * 2);
  });

  test("keeps nobody in the line for its quota", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(20)));
    const slow = { ...dead, quota: { rpm: 1, burst: 1, learn: false } };
    const { tried, onEvent } = endpointsTried();
    // Of the same weight, so that half of the items stand in its line.
    const other = { ...alive, quota: { rpm: 1, burst: 1000, learn: false } };
    const summary = await f.run(input, { endpoints: [slow, other], concurrency: 10, onEvent });
    expect(summary).toMatchObject({ succeeded: 20, failed: 0, open: 0 });
    expect(tried.filter((endpoint) => endpoint === 0)).toHaveLength(1);
  });

  test("may go in the middle of a run: what was under way there goes on elsewhere", async () => {
    const goes = await startEmulator({ latency: "20ms" });
    const input = f.write("prompts.jsonl", batchLines(prompts(100)));
    let done = 0;
    let closed: Promise<void> | undefined;
    const onEvent = ({ type }: BatchEvent): void => {
      if (type === "item-done" && ++done === 20) closed = goes.close();
    };
    const endpoints = [{ baseUrl: goes.baseUrl, quota: { learn: false } }, alive];
    const summary = await f.run(input, { endpoints, concurrency: 20, onEvent });
    await closed;
    expect(summary).toMatchObject({ succeeded: 100, failed: 0, open: 0 });
  });

  test("is looked at again after ten seconds, by one request, and takes part when it is back", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(12)));
    let [aheadMs, done, isBack] = [0, 0, false];
    const clock: Clock = {
      nowMs: () => systemClock.nowMs() + aheadMs,
      wallNowMs: () => systemClock.wallNowMs(),
      sleep: (ms, signal) => systemClock.sleep(ms, signal),
    };
    const refusing: typeof fetch = (url, init) => {
      if (!String(url).startsWith(dead.baseUrl)) return fetch(url, init);
      return isBack ? fetch(String(url).replace(dead.baseUrl, alive.baseUrl), init) : refusal();
    };
    const { tried, onEvent } = endpointsTried();
    const hear = (event: BatchEvent): void => {
      onEvent?.(event);
      if (event.type !== "item-done") return;
      done++;
      if (done === 3 || done === 6) aheadMs += 10_000;
      if (done === 6) isBack = true;
    };
    const summary = await f.run(input, {
      endpoints: [dead, alive],
      ...{ concurrency: 1, fetch: refusing, clock, onEvent: hear },
    });
    expect(summary).toMatchObject({ succeeded: 12, failed: 0, open: 0 });
    expect(tried).toEqual([
      ...[0, "endpoint-lost", 1, 1, 1],
      ...[0, 1, 1, 1],
      ...[0, "endpoint-regained", 0, 0, 0, 0, 0],
    ]);
  });
});

describe("when no connection comes about to any of several endpoints", () => {
  test("the run ends, says where it went, and everything stays open", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(20)));
    const other = { baseUrl: `http://127.0.0.1:${await closedPort()}/v1` };
    const summary = await f.run(input, { endpoints: [dead, other], concurrency: 4, maxAttempts: 2 });
    const hosts = [dead, other].map(({ baseUrl }) => new URL(baseUrl).host).join(", ");
    const stop = { reason: "unreachable", message: `${hosts} cannot be reached (ECONNREFUSED)` };
    expect(summary).toMatchObject({ succeeded: 0, failed: 0, open: 20, stop });
    expect(await f.run(input, { endpoints: [dead, alive] })).toMatchObject({ succeeded: 20, failed: 0, open: 0 });
  });

  test("nor may the only other key be used: the same", async () => {
    const guarded = await startEmulator({ keys: ["good"] });
    const input = f.write("prompts.jsonl", batchLines(prompts(20)));
    const summary = await f.run(input, { endpoints: [dead, { ...guarded, apiKey: "bad" }], maxAttempts: 2 });
    await guarded.close();
    expect(summary).toMatchObject({ succeeded: 0, failed: 0, open: 20, stop: { reason: "unreachable" } });
  });
});

test("items that no connection came about for are taken up again when something is answered", async () => {
  const input = f.write("prompts.jsonl", batchLines(prompts(10)));
  let sent = 0;
  const late: typeof fetch = (url, init) => (++sent <= 4 ? refusal() : fetch(url, init));
  const summary = await f.run(input, { fetch: late, concurrency: 2, maxAttempts: 1 });
  expect(summary).toMatchObject({ succeeded: 10, failed: 0, open: 0, attempts: 14, stop: undefined });
  const journal = readJournal(f.output);
  expect([...journal.attempts()]).toHaveLength(14);
  journal.close();
});
