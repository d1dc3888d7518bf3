// How fast the emulator is: JSON chat completions per second, and how many streams it carries at once.
// Usage: node bench/emulator.mjs [--connections 64] [--seconds 10] [--streams 1000]   (after `npm run build`)
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { connected, forkServer, keepAsking, readStream } from "./emulator-callers.mjs";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "10" },
    streams: { type: "string", default: "1000" },
  },
});

const { ask, stop } = forkServer();
console.log(`Node ${process.version}, ${cpus().length} cores`);
await json();
for (const streams of values.streams.split(",")) await sse(Number(streams));
stop();

/** Callers that ask again as soon as they are answered, limits in force but out of reach. */
async function json() {
  const { port } = await ask({ options: { rpm: 100_000_000, tpm: 10_000_000_000 } });
  await askFor(port, 1);
  const before = (await ask({})).cpuMs;
  const seconds = Number(values.seconds);
  const count = await askFor(port, seconds);
  const { cpuMs, rssMb, stats } = await ask({});
  const each = ((cpuMs - before) * 1000) / count;
  console.log(
    `JSON: ${Math.round(count / seconds)} chat completions/s (target 8000), ${each.toFixed(0)} µs of server CPU each, ` +
      `${rssMb.toFixed(0)} MB; answered ${stats.completed} of ${stats.arrivals}`,
  );
}

async function askFor(port, seconds) {
  const untilMs = performance.now() + seconds * 1000;
  let count = 0;
  const next = () => (performance.now() < untilMs ? count++ : undefined);
  await Promise.all(Array.from({ length: Number(values.connections) }, () => keepAsking(port, next)));
  return count;
}

/** Streams that all run at once, their tokens paced as a model's are. */
async function sse(streams) {
  const latency = { firstTokenMs: 500, sigma: 0.4, perTokenMs: 19, perTokenSpreadMs: 6 };
  const { port } = await ask({ options: { latency, answerLength: { medianTokens: 600, sigma: 0.1 } } });
  const sockets = await Promise.all(Array.from({ length: streams }, () => connected(port)));
  const startMs = performance.now();
  const all = await Promise.all(sockets.map(readStream));
  const seconds = (performance.now() - startMs) / 1000;
  const { cpuMs, rssMb, stats } = await ask({});
  const gaps = all.flatMap((stream) => stream.gaps).sort((a, b) => a - b);
  const at = (share) => gaps[Math.floor(share * (gaps.length - 1))]?.toFixed(1);
  const chunks = all.reduce((sum, stream) => sum + stream.chunks, 0);
  console.log(
    `SSE: ${stats.peakInFlight} streams at once (target 1000), ${all.filter(({ whole }) => whole).length} of ${streams} whole, ` +
      `${Math.round(chunks / seconds)} chunks/s for ${seconds.toFixed(1)} s, server CPU ${(cpuMs / seconds / 10).toFixed(0)} % of a core, ` +
      `${rssMb.toFixed(0)} MB; between packets p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
  );
}
