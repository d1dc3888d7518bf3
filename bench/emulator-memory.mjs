// Whether the emulator's memory stays flat: a million different requests, answered, refused and broken, with a bounded log.
// Usage: node bench/emulator-memory.mjs [--requests 1000000] [--log-limit 10000]   (after `npm run build`)
import { parseArgs } from "node:util";
import { forkServer, keepAsking } from "./emulator-callers.mjs";

const { values } = parseArgs({
  options: { requests: { type: "string", default: "1000000" }, "log-limit": { type: "string", default: "10000" } },
});

const total = Number(values.requests);
const step = Math.ceil(total / 10);
const { ask, stop } = forkServer();
const options = {
  rpm: 20_000,
  tpm: 400_000_000,
  countRejected: false,
  faults: ["500:2%", "503:1%"],
  logLimit: Number(values["log-limit"]),
};
const { port } = await ask({ options });

let number = 0;
const heaps = [];
while (number < total) {
  const until = Math.min(total, number + step);
  const next = () => (number < until ? number++ : undefined);
  await Promise.all(Array.from({ length: 64 }, () => keepAsking(port, next)));
  const { heapMb, rssMb, stats } = await ask({});
  heaps.push(heapMb);
  console.log(
    `${stats.arrivals} requests: heap ${heapMb.toFixed(1)} MB after collection, RSS ${rssMb.toFixed(0)} MB, ${JSON.stringify(stats.byStatus)}`,
  );
}
stop();

// The attempt counter remembers up to 200,000 request hashes; what it holds is full after a fifth of a million.
const settled = heaps.slice(3);
const growth = Math.max(...settled) - Math.min(...settled);
console.log(`heap between the 4th and the last tenth: ${growth.toFixed(1)} MB apart`);
process.exitCode = growth < 10 ? 0 : 1;
