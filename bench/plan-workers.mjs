// A thousand workers on a quota of a million requests a minute, on paper: the real limiter and its real script, under virtual
// time, before a model of one Redis (a server that does one thing at a time) and the emulator's model of the provider.
//   npm run build && node bench/plan-workers.mjs [--workers 1000] [--seconds 5]

import { redisLimiterStore } from "@bide/redis";
import { rateLimit } from "bide";
import { virtualClock } from "bide/testing";
import { Redis } from "ioredis";
import { Limiter } from "../packages/emulator/dist/model/index.js";
import { startRedis } from "../scripts/redis.mjs";

const argument = (name, otherwise) => {
  const index = process.argv.indexOf(`--${name}`);
  return index === -1 ? otherwise : Number(process.argv[index + 1]);
};
const WORKERS = argument("workers", 1000);
const SECONDS = argument("seconds", 5);
const PER_MINUTE = 1000 * WORKERS;
const BURST = Math.round(PER_MINUTE / 60 / 2);
/** What a provider's bucket holds more than the workers are told, for requests that are late. */
const SLACK = Math.round(BURST / 50);
const LATENCY_MS = 1000;
/** Twice what the quota lets a worker do. */
const AT_ONCE = Math.ceil((PER_MINUTE / 60 / WORKERS) * (LATENCY_MS / 1000) * 2);
/** Of a call with one step, as `bench/redis.mjs` measures it; and of one that has to be sent there and back. */
const SERVICE_MS = 0.06;
const ROUND_TRIP_MS = 1;

let redis;

async function simulate(what, { shards = 1, ...options }) {
  await redis.flushall();
  const clock = virtualClock({ startMs: 1_790_000_000_000 });
  const nodes = Array.from({ length: shards }, () => new Node(clock));
  const provider = new Provider(clock);
  const part = { requests: { per: "1m", limit: PER_MINUTE / shards, burst: BURST / shards } };
  for (let worker = 0; worker < WORKERS; worker++) {
    const shard = worker % shards;
    const store = redisLimiterStore(nodes[shard], { key: `shard-${shard}`, clock, timeout: "1h", ...options });
    const limiter = rateLimit(part, { store, clock });
    for (let caller = 0; caller < AT_ONCE; caller++) void call(limiter, provider, clock);
  }
  const startedMs = clock.nowMs();
  for (let ms = 0; ms < SECONDS * 1000; ms++) {
    await clock.advance(1);
    // Time stands still while the real script is at work.
    while (nodes.some(({ busy }) => busy > 0)) await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (clock.nowMs() - startedMs) / 1000;
  const calls = nodes.reduce((sum, node) => sum + node.calls, 0);
  const quota = (PER_MINUTE / 60) * seconds + BURST;
  console.log(
    [
      what.padEnd(28),
      `${Math.round(provider.admitted / seconds)} requests/s`,
      `${((provider.admitted / quota) * 100).toFixed(1)} % of the quota`,
      `refused ${provider.refused}`,
      `${Math.round(calls / seconds)} calls/s`,
      `${(calls / Math.max(1, provider.admitted)).toFixed(2)} per request`,
      `each Redis busy ${Math.round((nodes[0].busyMs / (seconds * 1000)) * 100)} %`,
    ].join("  "),
  );
  provider.isOver = true;
}

/** One caller after another of a worker: waits for the quota, is answered, and asks again. */
async function call(limiter, provider, clock) {
  while (!provider.isOver) {
    const reservation = await limiter.acquire();
    provider.arrive();
    await clock.sleep(LATENCY_MS);
    reservation.settle({ requests: 1 });
  }
}

/** The provider: a token bucket of the emulator, which shares no code with the limiter. */
class Provider {
  admitted = 0;
  refused = 0;
  isOver = false;
  #clock;
  #limiter = new Limiter({ rpm: PER_MINUTE }, { algorithm: "token-bucket", burst: BURST + SLACK, countRejected: true });

  constructor(clock) {
    this.#clock = clock;
  }

  arrive() {
    const nowMs = Math.floor(this.#clock.nowMs());
    const cost = { tokens: 0, input: 0, output: 0 };
    if (this.#limiter.shortage(cost, nowMs)) this.refused++;
    else {
      this.#limiter.take(cost, nowMs);
      this.admitted++;
    }
  }
}

/** A Redis that takes its time: calls are served one after another, and the script is told the virtual time. */
class Node {
  calls = 0;
  busy = 0;
  busyMs = 0;
  #clock;
  #freeAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock) {
    this.#clock = clock;
  }

  evalsha() {
    return Promise.reject(new Error("NOSCRIPT"));
  }

  async eval(script, keyCount, ...rest) {
    const arrivesMs = this.#clock.nowMs() + ROUND_TRIP_MS / 2;
    this.#freeAtMs = Math.max(arrivesMs, this.#freeAtMs) + SERVICE_MS;
    this.calls++;
    this.busyMs += SERVICE_MS;
    await this.#clock.sleep(this.#freeAtMs - this.#clock.nowMs());
    this.busy++;
    const ms = this.#clock.nowMs();
    const time = [String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)];
    const turned = script.replace("redis.call('TIME')", "{ ARGV[#ARGV - 1], ARGV[#ARGV] }");
    const answer = await redis.eval(turned, keyCount, ...rest, ...time).finally(() => {
      this.busy--;
    });
    await this.#clock.sleep(ROUND_TRIP_MS / 2);
    return answer;
  }
}

const server = await startRedis();
redis = new Redis(server.url);
for (const [what, options] of [
  ["every request asks", { advance: 0 }],
  ["100 ms in advance", { advance: 50, advanceFor: "100ms" }],
  ["1 s in advance", { advance: 50, advanceFor: "1s" }],
  ["1 s in advance, in 4 shards", { advance: 50, advanceFor: "1s", shards: 4 }],
]) {
  await simulate(what, options);
}
redis.disconnect();
await server.stop();
