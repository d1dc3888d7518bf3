import { retryBudget } from "bide";
import type { VirtualClock } from "bide/testing";
import { describe, expect, test } from "vitest";
import { after, answer, chat, hang, layered, refusal, type Step, stream, told } from "./scripted.js";

const hedge = { delay: "2s", maxExtraLoad: Number.POSITIVE_INFINITY } as const;
const SPOKEN = stream(told("Hello"));

function late(ms: number, step: Step): Step {
  return after(() => running, ms, step);
}

let running: VirtualClock;

function setup(steps: readonly Step[], options: Parameters<typeof layered>[1] = { hedge }) {
  const set = layered(steps, options);
  running = set.clock;
  return set;
}

describe("a hedge", () => {
  test("asks a second time when the first content of a stream is late, and takes what speaks first", async () => {
    const { clock, fetch, server, events } = setup([hang, SPOKEN]);

    const response = await clock.run(fetch(...chat({ stream: true })));

    expect(await response.text()).toBe(told("Hello").join(""));
    expect(server.requests.map(({ atMs }) => atMs)).toEqual([0, 2000]);
    expect(server.requests[0]?.init.signal?.aborted).toBe(true);
    expect(events.filter(({ type }) => type === "request-abandoned")).toMatchObject([{ request: 1, isLost: true }]);
    expect(fetch.bide.stats()).toMatchObject({ requests: 2, answered: 1, abandoned: 1, maybeBilledTwice: 1 });
  });

  test("leaves the first request alone where that is still faster", async () => {
    const { clock, fetch, server } = setup([late(2500, SPOKEN), hang]);

    const response = await clock.run(fetch(...chat({ stream: true })));

    expect(await response.text()).toBe(told("Hello").join(""));
    expect(server.requests.map(({ init }) => init.signal?.aborted)).toEqual([false, true]);
    expect(clock.pending).toBe(0);
  });

  test("is made for streams alone: a whole answer would be generated twice", async () => {
    const { clock, fetch, server } = setup([late(60_000, answer("Hello."))]);

    await clock.run(fetch(...chat()));

    expect(server.requests).toHaveLength(1);
  });

  test("spends the budget that the retries spend", async () => {
    const budget = retryBudget({ capacity: 1, perSuccess: 0, perSecond: 0 });
    const { clock, fetch, server } = setup([hang, refusal(500, "x"), hang], { hedge, budget, attemptTimeout: "9s" });

    const response = await clock.run(fetch(...chat({ stream: true })));

    // The hedge took the last token: nothing is tried again.
    expect(response.status).toBe(500);
    expect(server.requests).toHaveLength(2);
  });

  test("waits in the queue as any other request does", async () => {
    const { clock, fetch, server } = setup([hang, SPOKEN], { hedge, quota: { rpm: 6, burst: 1 } });

    await clock.run(fetch(...chat({ stream: true })));

    expect(server.requests.map(({ atMs }) => atMs)).toEqual([0, 10_000]);
  });

  test("is not sent for a key that was stopped while it waited", async () => {
    const money = refusal(429, "insufficient_quota");
    const { clock, fetch, server } = setup([late(15_000, SPOKEN), money], { hedge, quota: { rpm: 6, burst: 1 } });

    const streaming = fetch(...chat({ stream: true }));
    await clock.advance("1s");
    const other = fetch(...chat({ model: "gpt-y" }));
    const [first, second] = await clock.run(Promise.all([streaming, other]));

    expect([first.status, second.status]).toEqual([200, 429]);
    expect(server.requests).toHaveLength(2);
  });

  test("leaves nothing behind when the caller leaves", async () => {
    const { clock, fetch, server } = setup([hang]);
    const caller = new AbortController();
    const [url, init] = chat({ stream: true });
    const streaming = fetch(url, { ...init, signal: caller.signal });
    await clock.advance("3s");

    caller.abort("enough");

    await expect(streaming).rejects.toBe("enough");
    expect(server.requests.map((request) => request.init.signal?.aborted)).toEqual([true, true]);
    expect(clock.pending).toBe(0);
    expect(fetch.bide.stats()).toMatchObject({ abandoned: 2, maybeBilledTwice: 0 });
  });
});
