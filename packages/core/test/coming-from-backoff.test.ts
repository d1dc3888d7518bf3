import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Clock, constant, type Details, onException, onPredicate, runtime } from "../src/index.js";
import { ok, scripted, slow, virtualClock } from "../src/testing.js";

// What the suite of Python's backoff tests, where it stands nowhere else: see docs/coming-from-backoff.md.

describe("waits that the server names: 429 with Retry-After 1, 3 and 7, then 200", () => {
  let server: Server;
  let url = "";
  let asked = 0;

  beforeAll(async () => {
    server = createServer((_, response) => {
      const seconds = ["1", "3", "7"][asked++];
      if (seconds === undefined) response.end("an answer");
      else response.writeHead(429, { "retry-after": seconds }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => void server.close());

  /** A clock whose waits are over at once, and are kept. */
  function impatient(): { clock: Clock; waitsMs: number[] } {
    const waitsMs: number[] = [];
    const sleep = async (ms: number): Promise<void> => void waitsMs.push(ms);
    return { clock: { nowMs: () => 0, wallNowMs: () => 0, sleep }, waitsMs };
  }

  const asksFor = (response: Response): number => Number(response.headers.get("retry-after")) * 1000;

  class TooMany extends Error {
    constructor(readonly response: Response) {
      super("too many");
    }
  }

  test("of an error", async () => {
    asked = 0;
    const { clock, waitsMs } = impatient();
    const schedule = runtime(({ error }) => (error instanceof TooMany ? asksFor(error.response) : 0));
    const ask = onException(schedule, TooMany, { jitter: null, clock })(async () => {
      const response = await fetch(url);
      if (response.status === 429) throw new TooMany(response);
      return response.text();
    });
    expect(await ask()).toBe("an answer");
    expect(waitsMs).toEqual([1000, 3000, 7000]);
  });

  test("of a result", async () => {
    asked = 0;
    const { clock, waitsMs } = impatient();
    const schedule = runtime(({ value }) => asksFor(value as Response));
    const isRefused = (response: Response): boolean => response.status === 429;
    const ask = onPredicate(schedule, isRefused, { jitter: null, clock })(() => fetch(url));
    expect(await (await ask()).text()).toBe("an answer");
    expect(waitsMs).toEqual([1000, 3000, 7000]);
  });
});

test("attempts that end after 1, 9 and 10.000005 s: the third is the last under a maxTime of 10 s", async () => {
  const clock = virtualClock();
  const told: Details[] = [];
  const no = ok(false);
  const target = scripted(slow(1000, no, clock), slow(8000, no, clock), slow(1000.005, no, clock), ok(true));
  const options = { maxTime: "10s", clock, onGiveup: (details: Details) => told.push(details) } as const;
  expect(await clock.run(onPredicate(constant(0), undefined, options)(target)())).toBe(false);
  expect(told.map(({ tries, elapsedMs, reason }) => [tries, elapsedMs, reason])).toEqual([[3, 10_000.005, "max-time"]]);
});

const seconds = Array.from({ length: 10 }, (_, index) => index + 1);
const grid = seconds.flatMap((takes) => seconds.map((maxTime) => [takes, maxTime] as const));

test.each(grid)(
  "attempts of %d s under a maxTime of %d s begin until it, and never after it",
  async (takes, maxTime) => {
    const clock = virtualClock();
    const beganMs: number[] = [];
    const target = async (): Promise<false> => {
      beganMs.push(clock.nowMs());
      await clock.sleep(takes * 1000);
      return false;
    };
    await clock.run(onPredicate(constant("1s"), undefined, { maxTime: maxTime * 1000, jitter: null, clock })(target)());
    const expected: number[] = [];
    // An attempt, a second's wait; where that would pass the time, one last attempt at it.
    for (let atS = 0; ; atS = Math.min(atS + takes + 1, maxTime)) {
      expected.push(atS * 1000);
      if (atS + takes >= maxTime) break;
    }
    expect(beganMs).toEqual(expected);
  },
);

test("an abort is not swallowed by a function that catches it and returns: its caller has gone", async () => {
  const clock = virtualClock();
  const controller = new AbortController();
  const { signal } = controller;
  const told: Details[] = [];
  const target = async (): Promise<boolean> => {
    await clock.sleep(3_600_000, signal).catch(() => undefined);
    return true;
  };
  const handlers = {
    onSuccess: (details: Details) => told.push(details),
    onGiveup: (details: Details) => told.push(details),
  };
  const ask = onException(constant(1), Error, { signal, clock, ...handlers })(target);
  const running = ask();
  await clock.advance(10);
  controller.abort("enough");
  await expect(running).rejects.toBe("enough");
  expect(told).toEqual([]);
});
