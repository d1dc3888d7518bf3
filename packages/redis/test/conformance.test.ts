import { breakerStoreCases, type ConformanceCase, limiterStoreCases, virtualClock } from "bide/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type RedisClient, redisBreakerStore, redisLimiterStore } from "../src/index.js";
import {
  type Connected,
  clear,
  connectClusters,
  connectIoredis,
  connectNodeRedis,
  ownPrefix,
  withServerTime,
} from "./redis.js";

/** The server's clock, and the worker's, which is half a minute behind. */
function twoClocks(client: RedisClient) {
  const clock = virtualClock({ startMs: 1_790_000_000_000 });
  const served = withServerTime(client, () => clock.nowMs() + 30_000);
  return { clock, served, nowMs: () => clock.nowMs(), advance: (ms: number) => clock.advance(ms) };
}

let stores = 0;

function limiterCases(client: () => RedisClient, prefix: string): readonly ConformanceCase[] {
  return limiterStoreCases(() => {
    const { clock, served, ...bench } = twoClocks(client());
    return { ...bench, store: redisLimiterStore(served, { key: `quota-${stores++}`, prefix, clock }) };
  });
}

function breakerCases(client: () => RedisClient, prefix: string): readonly ConformanceCase[] {
  return breakerStoreCases((rules) => {
    const { clock, served, ...bench } = twoClocks(client());
    const make = redisBreakerStore(served, { key: `circuit-${stores++}`, prefix, clock });
    return { ...bench, store: make(rules, clock.nowMs()) };
  });
}

const connections = new Map<string, Connected>();
let stop: () => Promise<void>;

beforeAll(async () => {
  const clusters = await connectClusters();
  connections.set("ioredis", await connectIoredis());
  connections.set("node-redis", await connectNodeRedis());
  connections.set("ioredis, a cluster of three", clusters.ioredis);
  connections.set("node-redis, a cluster of three", clusters.nodeRedis);
  stop = clusters.stop;
}, 30_000);

afterAll(async () => {
  for (const connected of connections.values()) await connected.close();
  await stop();
});

describe.each(["ioredis", "node-redis", "ioredis, a cluster of three", "node-redis, a cluster of three"])(
  "over %s",
  (name) => {
    const prefix = ownPrefix();
    const connected = (): Connected => {
      const found = connections.get(name);
      if (found === undefined) throw new Error(`not connected: ${name}`);
      return found;
    };
    const cases = { limiter: limiterCases, breaker: breakerCases };
    for (const [store, casesOf] of Object.entries(cases)) {
      describe(`the store of a ${store}`, () => {
        const all = casesOf(() => connected().client, prefix);
        test.each(all.map(({ title, run }) => [title, run] as const))("%s", (_title, run) => run());
      });
    }
    afterAll(() => clear(connected(), prefix));
  },
);
