// What a shared quota costs: admissions per second over one connection, round trips and server time per admitted request,
// beside rate-limiter-flexible and Bottleneck on the same Redis. A server of its own, without persistence.
//   npm ci --prefix bench && npm run build && node bench/redis.mjs [--quick]

import { redisLimiterStore } from "@bide/redis";
import { rateLimit } from "bide";
import Bottleneck from "bottleneck";
import { Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { startRedis } from "../scripts/redis.mjs";

const SECONDS = process.argv.includes("--quick") ? 1 : 4;
const PLENTY = 1e9;
const LIMITS = {
  requests: { per: "1m", limit: PLENTY, burst: PLENTY },
  tokens: { per: "1m", limit: PLENTY, burst: PLENTY },
};
const COST = { requests: 1, tokens: 900 };
const ACTUAL = { requests: 1, tokens: 400 };

const server = await startRedis();
const observer = new Redis(server.url);
const rows = [];

for (const callers of [1, 32, 256]) {
  await measured("bide, every request asks", callers, () => bide({ advance: 0 }));
  await measured("bide, up to 500 in advance", callers, () => bide({ advance: 500 }));
  await measured("bide's store alone, no queue", callers, () => bideStore());
  await measured("rate-limiter-flexible 11.4.0, one currency", callers, flexible);
  await measured("bottleneck 2.19.5, clustered", callers, bottleneck);
}
console.table(rows);
const best = Math.max(...rows.filter(({ what }) => what.includes("advance")).map((row) => row["admitted/s"]));
console.log(`target: 20000 admissions/s on one Redis with leases; reached ${best}`);
await observer.quit();
await server.stop();

/** Callers in closed loops, for some seconds. */
async function measured(what, callers, make) {
  const { call, close } = await make();
  for (let i = 0; i < 50; i++) await call();
  await observer.config("RESETSTAT");
  const cpuBefore = await serverCpuMs();
  const endsAt = performance.now() + SECONDS * 1000;
  const startedAt = performance.now();
  let admitted = 0;
  const loop = async () => {
    while (performance.now() < endsAt) {
      await call();
      admitted++;
    }
  };
  await Promise.all(Array.from({ length: callers }, loop));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMs = (await serverCpuMs()) - cpuBefore;
  const trips = await roundTrips();
  rows.push({
    what,
    callers,
    "admitted/s": Math.round(admitted / seconds),
    "round trips per admitted": Number((trips / admitted).toFixed(3)),
    "server µs per admitted": Number(((cpuMs / admitted) * 1000).toFixed(1)),
  });
  await close();
}

function connect() {
  return new Redis(server.url);
}

async function bide({ advance }) {
  const client = connect();
  const store = redisLimiterStore(client, { key: `bench-${advance}-${rows.length}`, advance });
  const limiter = rateLimit(LIMITS, { store });
  const call = async () => (await limiter.acquire(COST)).settle(ACTUAL);
  return { call, close: () => store.close().then(() => client.quit()) };
}

async function bideStore() {
  const client = connect();
  const store = redisLimiterStore(client, { key: `bench-store-${rows.length}` });
  rateLimit(LIMITS, { store });
  const call = async () => {
    const { id } = await store.reserve({ cost: COST, keepFree: 0 }, performance.now());
    await store.settle({ id, cost: COST, actual: ACTUAL }, performance.now());
  };
  return { call, close: () => store.close().then(() => client.quit()) };
}

async function flexible() {
  const client = connect();
  const limiter = new RateLimiterRedis({ storeClient: client, points: PLENTY, duration: 60 });
  return { call: () => limiter.consume("key", 1), close: () => client.quit() };
}

async function bottleneck() {
  const limiter = new Bottleneck({
    id: `bench-${rows.length}`,
    datastore: "ioredis",
    Redis,
    clientOptions: { port: server.port, host: "127.0.0.1" },
    reservoir: PLENTY,
    reservoirRefreshAmount: PLENTY,
    reservoirRefreshInterval: 60_000,
  });
  await limiter.ready();
  return { call: () => limiter.schedule(async () => undefined), close: () => limiter.disconnect() };
}

async function serverCpuMs() {
  const info = await observer.info("cpu");
  const read = (name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return (read("used_cpu_user_main_thread") + read("used_cpu_sys_main_thread")) * 1000;
}

/** Script calls from outside; what scripts do inside costs no round trip. */
async function roundTrips() {
  const info = await observer.info("commandstats");
  const calls = (name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
  return calls("evalsha") + calls("eval");
}
