import { ratesOf } from "../rate-limit/limits.js";
import { memoryLimiterStore } from "../rate-limit/memory-store.js";
import type { LimiterStore } from "../rate-limit/store.js";
import { same } from "./conformance.js";
import { type Bench, type Case, shown, TEN, TWO } from "./limiter-store-bench.js";

/** Limits that change. */
export const CHANGING: readonly Case[] = [
  [
    "other limits hold from now on, and what was spent stays spent",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 4 });
      await bench.update({ requests: { per: "1s", limit: 5, burst: 4 } });
      await bench.waits({ requests: 1 }, 200, "requests");
      await bench.update({ requests: { per: "1s", limit: 20, burst: 5 } });
      await bench.enter({ requests: 1 });
      await bench.waits({ requests: 1 }, 50, "requests");
    },
  ],
  [
    "limits that are told again change nothing",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 3 });
      await bench.update(TEN);
      await bench.waits({ requests: 4 }, 300, "requests");
    },
  ],
  [
    "a burst that shrinks leaves no debt behind",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 3 });
      await bench.update({ requests: { per: "1s", limit: 10, burst: 2 } });
      await bench.waits({ requests: 1 }, 100, "requests");
    },
  ],
  [
    "a currency that is named first begins full, and the others go on",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 4 });
      await bench.update({ tokens: { per: "1s", limit: 100, burst: 50 } });
      await bench.waits({ requests: 1, tokens: 50 }, 100, "requests");
      await bench.enter({ tokens: 50 });
      await bench.waits({ tokens: 10 }, 100, "tokens");
    },
  ],
  [
    "an infinite limit ends a currency",
    TWO,
    async (bench) => {
      await bench.enter({ tokens: 50 });
      await bench.update({ tokens: { per: "1s", limit: Number.POSITIVE_INFINITY } });
      await bench.enter({ tokens: 5000 });
      same(Object.keys(bench.store.state(bench.now()).currencies), ["requests"], "the currencies left");
    },
  ],
];

/** What the server says. */
export const SYNCING: readonly Case[] = [
  [
    "takes away what the server says is gone",
    TWO,
    async (bench) => {
      await bench.sync({ tokens: { remaining: 20 } });
      await bench.waits({ requests: 1, tokens: 50 }, 300, "tokens");
    },
  ],
  [
    "counts a level as true from when it may have become so",
    TEN,
    async (bench) => {
      await bench.sync({ requests: { remaining: 2, jitterMs: 50 } });
      await bench.waits({ requests: 4 }, 250, "requests");
    },
  ],
  [
    "gives nothing for what the server says is left",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 4 });
      await bench.sync({ requests: { remaining: 4 } });
      await bench.waits({ requests: 1 }, 100, "requests");
    },
  ],
  [
    "heeds no level that cannot be one, and no currency that it does not know",
    TEN,
    async (bench) => {
      await bench.sync({ requests: { remaining: -1 }, tokens: { remaining: 0 } });
      await bench.sync({ requests: { remaining: Number.NaN, limit: -1 } });
      await bench.sync({ requests: {} });
      await bench.enter({ requests: 4 });
    },
  ],
  [
    "counts what was reserved after a level was true, and what came in since",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 1 });
      const atMs = bench.now();
      await bench.pass(200);
      await bench.enter({ requests: 3 });
      const sinceMs = bench.now() - atMs;
      await bench.sync({ requests: { remaining: 0, atMs } });
      // Nothing was left, 3 were taken since, and about 2 came in.
      await bench.waits({ requests: 4 }, 700 - sinceMs, "requests");
    },
  ],
  [
    "takes over another limit, both ways",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 4 });
      await bench.sync({ requests: { limit: 5 } });
      await bench.waits({ requests: 1 }, 200, "requests");
      await bench.sync({ requests: { limit: 20 } });
      await bench.waits({ requests: 1 }, 50, "requests");
    },
  ],
  [
    "an answer that is older than the newest brings no old limit back",
    TEN,
    async (bench) => {
      const earlierMs = bench.now();
      await bench.pass(50);
      await bench.enter({ requests: 4 });
      await bench.sync({ requests: { limit: 5 } });
      await bench.sync({ requests: { limit: 100, atMs: earlierMs } });
      await bench.waits({ requests: 1 }, 200, "requests");
    },
  ],
  [
    "a burst that nobody told grows to what is seen to be left; one that was told does not",
    { requests: { per: "1s", limit: 10 }, tokens: { per: "1s", limit: 100, burst: 20 } },
    async (bench) => {
      await bench.update({ requests: { per: "2s", limit: 20 } });
      await bench.sync({ requests: { remaining: 15 }, tokens: { remaining: 90 } });
      await bench.enter({ requests: 15, tokens: 20 });
      await bench.waits({ requests: 1, tokens: 0 }, 100, "requests");
      await bench.waits({ requests: 0, tokens: 20 }, 200, "tokens");
    },
  ],
];

/** What the store says of itself. */
export const TELLING: readonly Case[] = [
  [
    "tells levels, limits and the pause",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 4 });
      same(bench.level("requests"), 0, "the level", bench.toleranceMs / 100);
      const { requests } = bench.store.state(bench.now()).currencies;
      same([requests?.limit, requests?.perMs, requests?.burst], [10, 1000, 4], "the limit");
      same(bench.store.state(bench.now()).pausedUntilMs ?? null, null, "no pause");
      await bench.pause(200);
      const untilMs = bench.store.state(bench.now()).pausedUntilMs ?? Number.NaN;
      same(untilMs - bench.now(), 200, "the pause", bench.toleranceMs);
    },
  ],
  [
    "answers a long trace as the store in memory does",
    TWO,
    async (bench) => {
      const reference = memoryLimiterStore();
      await reference.update(ratesOf(TWO), bench.now());
      await follow(bench, reference);
    },
  ],
];

/** A trace of requests and settlements, the same at each run, each step compared. */
async function follow(bench: Bench, reference: LimiterStore): Promise<void> {
  let seed = 1;
  const upTo = (most: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % (most + 1);
  };
  // Where time cannot be turned, two stores would drift apart: there the trace is too short for that.
  for (let step = 0; step < (bench.toleranceMs === 0 ? 500 : 1); step++) {
    const cost = { requests: upTo(2), tokens: upTo(60) };
    const expected = await reference.reserve({ cost, keepFree: 0 }, bench.now());
    const answer = await bench.ask(cost);
    same({ ...answer, id: 0 }, { ...expected, id: 0 }, `step ${step}: ${shown(cost)}`);
    if (answer.kind === "wait") await bench.pass(upTo(1) === 0 ? answer.waitMs : upTo(50));
    if (answer.kind !== "admitted" || expected.kind !== "admitted" || upTo(2) === 0) continue;
    const actual = { requests: 1, tokens: upTo(60) };
    await bench.store.settle({ id: answer.id, cost, actual }, bench.now());
    await reference.settle({ id: expected.id, cost, actual }, bench.now());
  }
}
