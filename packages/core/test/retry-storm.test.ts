import { expect, test } from "vitest";
import {
  type Attempt,
  type Budget,
  constant,
  expo,
  fullJitter,
  type RetryOptions,
  retry,
  retryBudget,
} from "../src/index.js";
import { type QuickClock, quickClock } from "./quick-clock.js";
import { seeded } from "./seeded.js";

// Marc Brooker's model of a collapse: a service that becomes slower the more it does at once, clients that lose patience after
// three seconds and try again, and a spell of twice the load. The service goes on working for those who have left.
// Without a budget the retries keep it busy for ever after; with one it recovers. The spell lasts seven seconds: after
// Brooker's five the model is on the edge, and one service in four recovers by luck whatever its clients do.

const SEEDS = 20;
const RUN_MS = 80_000;
/** Requests a second; the service bears about 64. */
const LOAD = 40;
const SPIKE = { load: 80, fromMs: 20_000, toMs: 27_000 };

interface World {
  concurrency: number;
  sent: number;
  /** When each call was answered in time. */
  readonly answeredMs: number[];
}

type Policy = (budget: Budget, clock: QuickClock) => RetryOptions;

/** One seeded world: callers who come by chance, all with one policy. */
function world(clock: QuickClock, seed: number, optionsOf: Policy): World {
  const random = seeded(seed);
  const state: World = { concurrency: 0, sent: 0, answeredMs: [] };
  const exponential = (meanMs: number): number => -Math.log(1 - random()) * meanMs;
  // Whole milliseconds, so that what is due in one is done in one turn.
  const sleep = (ms: number): Promise<void> => clock.sleep(Math.round(ms));
  const request = async (_attempt: Attempt): Promise<void> => {
    state.sent++;
    await sleep(exponential(100));
    state.concurrency++;
    await sleep(1000 + 10 * state.concurrency);
    state.concurrency--;
    await sleep(exponential(100));
  };
  const budget = retryBudget({ perSuccess: 0.1, capacity: 10, perSecond: 0, clock });
  const policy = retry({ attemptTimeout: "3s", maxAttempts: 3, random, clock, ...optionsOf(budget, clock) });
  const answered = (): void => void state.answeredMs.push(clock.nowMs());
  const arrive = (atMs: number): void => {
    if (atMs >= RUN_MS) return;
    clock.timer(atMs, () => {
      policy.run(request).then(answered, () => undefined);
      const load = clock.nowMs() >= SPIKE.fromMs && clock.nowMs() < SPIKE.toMs ? SPIKE.load : LOAD;
      arrive(clock.nowMs() + Math.round(exponential(1000 / load)));
    });
  };
  arrive(0);
  return state;
}

/** Twenty worlds, and in how many of them nine in ten are answered again half a minute after the spike. */
async function storm(optionsOf: Policy): Promise<{ recovered: number; goodput: number; sentPerSecond: number }> {
  const clock = quickClock();
  const worlds = Array.from({ length: SEEDS }, (_, index) => world(clock, 100 + index, optionsOf));
  await clock.runUntil(RUN_MS);
  const goodputs = worlds.map(({ answeredMs }) => answeredMs.filter((atMs) => atMs >= 60_000).length / 20);
  return {
    recovered: goodputs.filter((goodput) => goodput >= 0.9 * LOAD).length,
    goodput: goodputs.reduce((sum, goodput) => sum + goodput, 0) / SEEDS,
    sentPerSecond: worlds.reduce((sum, { sent }) => sum + sent, 0) / SEEDS / (RUN_MS / 1000),
  };
}

const atOnce = { schedule: constant(0), jitter: null } as const;
const jittered = { schedule: expo({ factor: "100ms", max: "5s" }), jitter: fullJitter } as const;

test("with a budget, at least 19 of 20 services recover from a retry storm", { timeout: 600_000 }, async () => {
  const { recovered, sentPerSecond } = await storm((budget) => ({ ...atOnce, budget }));
  expect(recovered).toBeGreaterThanOrEqual(19);
  // A tenth more than what comes in, 43 a second with the spell: what the budget allows, and no more.
  expect(sentPerSecond).toBeLessThan(1.1 * 43.5);
});

test.each([
  ["without waits", atOnce],
  ["with full jitter", jittered],
] as const)("without a budget, %s, at most 5 of 20 do", { timeout: 600_000 }, async (_, options) => {
  const { recovered, goodput } = await storm(() => options);
  expect(recovered).toBeLessThanOrEqual(5);
  expect(goodput).toBeLessThan(0.3 * LOAD);
});
