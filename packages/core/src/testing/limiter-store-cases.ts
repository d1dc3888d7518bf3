import { checkCallable } from "../options.js";
import { type ConformanceCase, same } from "./conformance.js";
import { Bench, type Case, type LimiterStoreSetup, TEN, TWO } from "./limiter-store-bench.js";
import { CHANGING, SYNCING, TELLING } from "./limiter-store-changes.js";

/**
 * What every {@link LimiterStore} has to do, as cases for any test runner:
 * `for (const { title, run } of limiterStoreCases(setup)) test(title, run)`.
 * All their times are about a second, for stores whose time cannot be turned.
 */
export function limiterStoreCases(setup: LimiterStoreSetup): readonly ConformanceCase[] {
  checkCallable(setup, "setup");
  return CASES.map(([title, limits, body]) => ({
    title,
    run: async () => {
      const bench = new Bench(await setup());
      await bench.update(limits);
      await body(bench);
    },
  }));
}

const ADMITTING: readonly Case[] = [
  [
    "lets the burst go at once, and names the time until the next",
    TEN,
    async (bench) => {
      for (let i = 0; i < 4; i++) await bench.enter({ requests: 1 });
      await bench.waits({ requests: 1 }, 100, "requests");
      await bench.waits({ requests: 2 }, 200, "requests");
    },
  ],
  [
    "admits at the time that it named, and not before",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 4 });
      await bench.waits({ requests: 4 }, 400, "requests");
      await bench.pass(300);
      await bench.waits({ requests: 4 }, 100, "requests");
      const marginMs = Math.max(1, bench.toleranceMs);
      await bench.pass(100 - marginMs);
      await bench.waits({ requests: 4 }, marginMs, "requests");
      await bench.pass(marginMs);
      await bench.enter({ requests: 4 });
    },
  ],
  [
    "saves up no more than the burst",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 4 });
      await bench.pass(900);
      await bench.enter({ requests: 4 });
      await bench.waits({ requests: 1 }, 100, "requests");
    },
  ],
  [
    "counts a full bucket as filling from when a request may arrive, as far as the burst has room for it",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 1 }, 0, 50);
      await bench.waits({ requests: 4 }, 150, "requests");
      await bench.pass(500);
      await bench.enter({ requests: 4 }, 0, 50);
      await bench.waits({ requests: 1 }, 100, "requests");
    },
  ],
  [
    "takes the cost in all currencies, or in none",
    TWO,
    async (bench) => {
      await bench.enter({ requests: 1, tokens: 50 });
      await bench.waits({ requests: 3, tokens: 10 }, 100, "tokens");
      await bench.enter({ requests: 3, tokens: 0 });
      await bench.waits({ requests: 4, tokens: 10 }, 400, "requests");
    },
  ],
  [
    "a cost above the burst goes when the bucket is full, and leaves a debt",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 1 });
      await bench.waits({ requests: 8 }, 100, "requests");
      await bench.pass(100 + bench.toleranceMs);
      await bench.enter({ requests: 8 });
      await bench.waits({ requests: 1 }, 500, "requests");
    },
  ],
  [
    "refuses what costs more than one request may, and takes nothing for it",
    TWO,
    async (bench) => {
      const answer = await bench.ask({ requests: 1, tokens: 101 });
      same(answer, { kind: "too-large", currency: "tokens", cost: 101, capacity: 100 }, "the refusal");
      await bench.enter({ requests: 4, tokens: 50 });
    },
  ],
  [
    "a burst above the limit lets that much go",
    { requests: { per: "1s", limit: 10, burst: 20 } },
    async (bench) => {
      await bench.enter({ requests: 20 });
      same((await bench.ask({ requests: 21 })).kind, "too-large", "more than the burst");
    },
  ],
  [
    "asks nothing for a currency that it does not know",
    TEN,
    async (bench) => {
      for (let i = 0; i < 5; i++) await bench.enter({ stamps: 1e6 });
    },
  ],
  [
    "leaves the share that is to be kept free to those who may use it",
    TEN,
    async (bench) => {
      await bench.enter({ requests: 2 }, 0.5);
      await bench.waits({ requests: 1 }, 100, "requests", 0.5);
      await bench.enter({ requests: 2 });
    },
  ],
];

const SETTLING: readonly Case[] = [
  [
    "gives back what a request did not cost",
    TWO,
    async (bench) => {
      const settle = await bench.enter({ requests: 1, tokens: 50 });
      await settle({ requests: 1, tokens: 20 });
      await bench.enter({ requests: 3, tokens: 30 });
      await bench.waits({ requests: 1, tokens: 0 }, 100, "requests");
    },
  ],
  [
    "makes a debt of what a request cost beyond its reservation",
    TEN,
    async (bench) => {
      const settle = await bench.enter({ requests: 4 });
      await settle({ requests: 7 });
      await bench.waits({ requests: 1 }, 400, "requests");
    },
  ],
  [
    "makes a debt now of what a request cost, also when its bucket has been full for long",
    TEN,
    async (bench) => {
      const settle = await bench.enter({ requests: 1 });
      await bench.pass(500);
      await settle({ requests: 5 });
      await bench.waits({ requests: 1 }, 100, "requests");
    },
  ],
  [
    "gives no more back than fits into the bucket",
    TEN,
    async (bench) => {
      const settle = await bench.enter({ requests: 4 });
      await bench.pass(500);
      await settle({});
      await bench.enter({ requests: 4 });
      await bench.waits({ requests: 1 }, 100, "requests");
    },
  ],
];

const PAUSING: readonly Case[] = [
  [
    "lets nobody go during a pause, whatever it costs",
    TEN,
    async (bench) => {
      await bench.pause(300);
      await bench.waits({ requests: 1 }, 300, "pause");
      await bench.waits({ requests: 0 }, 300, "pause");
    },
  ],
  [
    "a shorter pause does not end a longer one",
    TEN,
    async (bench) => {
      await bench.pause(300);
      await bench.pause(100);
      await bench.waits({ requests: 1 }, 300, "pause");
    },
  ],
  [
    "after a pause lets one go, and the others as the bucket fills from nothing",
    TWO,
    async (bench) => {
      await bench.pause(200);
      await bench.pass(200 + bench.toleranceMs);
      await bench.enter({ requests: 1, tokens: 10 });
      // What came in since the end of the pause may go.
      const sinceMs = bench.toleranceMs;
      await bench.waits({ requests: 1, tokens: 0 }, 100 - sinceMs, "requests");
      await bench.waits({ requests: 1, tokens: 30 }, 300 - sinceMs, "tokens");
    },
  ],
  [
    "a pause takes no debt away",
    TEN,
    async (bench) => {
      const settle = await bench.enter({ requests: 4 });
      await settle({ requests: 9 });
      await bench.pause(100);
      await bench.waits({ requests: 1 }, 600, "requests");
    },
  ],
  [
    "long after a pause the whole burst may go again",
    TEN,
    async (bench) => {
      await bench.pause(50);
      await bench.pass(600);
      await bench.enter({ requests: 1 });
      await bench.enter({ requests: 3 });
    },
  ],
];

const CASES: readonly Case[] = [...ADMITTING, ...SETTLING, ...PAUSING, ...CHANGING, ...SYNCING, ...TELLING];
