import { expect, test } from "vitest";
import { constant, decorrelated, equalJitter, expo, fullJitter, type RetryOptions, retry } from "../src/index.js";
import { type QuickClock, quickClock } from "./quick-clock.js";
import { seeded } from "./seeded.js";

// Clients that contend for one row with optimistic locking: read, then write what was read plus one, and again where somebody
// else was first. The model of "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015): every hop takes |N(10, 2)| ms,
// the waits begin at 10 ms and end at 2 s. All of it is the real `retry`; the figures are those of the blog's simulator.

const CLIENTS = 100;
const WORLDS = 25;

interface World {
  version: number;
  calls: number;
  endedMs: number;
}

/** Lets a hundred clients of one world write once each. */
function contend(clock: QuickClock, options: RetryOptions, seed: number): World {
  const random = seeded(seed);
  const world: World = { version: 0, calls: 0, endedMs: 0 };
  const hop = (): Promise<void> => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return clock.sleep(Math.abs(10 + 2 * normal));
  };
  const write = async (): Promise<void> => {
    await hop();
    const { version } = world;
    await hop();
    await hop();
    world.calls++;
    const isFirst = version === world.version;
    if (isFirst) world.version++;
    await hop();
    if (!isFirst) throw new Error("somebody else was first");
    world.endedMs = clock.nowMs();
  };
  const unbounded = { maxAttempts: Number.POSITIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY };
  const policy = retry({ ...unbounded, ...options, random, clock });
  for (let client = 0; client < CLIENTS; client++) void policy.run(write);
  return world;
}

const grown = expo({ factor: 10, max: 2000 });

test.each([
  ["no wait", 2420, 2027, () => ({ schedule: constant(0), jitter: null })],
  ["exponential waits", 1854, 63_352, () => ({ schedule: grown, jitter: null })],
  ["equal jitter", 812, 6645, () => ({ schedule: grown, jitter: equalJitter })],
  ["full jitter", 798, 4955, () => ({ schedule: grown, jitter: fullJitter })],
  [
    // The blog's take 4659 ms: they are cut at the cap, where ours take their chance below it.
    "decorrelated waits",
    1002,
    4240,
    (seed: number) => ({ schedule: decorrelated({ base: 5, max: 2000, random: seeded(seed) }) }),
  ],
] as const)(
  "100 clients who contend for one row make, with %s, %d calls in %d ms",
  { timeout: 600_000 },
  async (_, calls, ms, optionsOf) => {
    const clock = quickClock();
    const worlds = Array.from({ length: WORLDS }, (_world, seed) => contend(clock, optionsOf(seed + 1000), seed));
    await clock.runUntil(Number.POSITIVE_INFINITY);
    const mean = (of: (world: World) => number): number => worlds.reduce((sum, world) => sum + of(world), 0) / WORLDS;
    expect(worlds.every(({ version }) => version === CLIENTS)).toBe(true);
    expect(Math.abs(mean((world) => world.calls) / calls - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean((world) => world.endedMs) / ms - 1)).toBeLessThan(0.08);
  },
);
