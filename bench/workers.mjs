// Eight worker processes on one quota: how long they take against the bound, whether one request too many ever went, and
// whether they shared by the time that each was there; with clocks that are half a minute wrong, and with one worker standing
// still. Exit code 1 where a target is missed. `--growth`: what 1, 2, 4 and 8 workers cost where no quota holds them back.
//   npm run build && node bench/workers.mjs [--quick] [--growth]

import { runFleet } from "./workers/fleet.mjs";

const QUICK = process.argv.includes("--quick");
const RPM = 3000;
const BURST = 50;
const LATENCY_MS = 200;
const REQUESTS = QUICK ? 800 : 2000;
const WORKERS = 8;
/** Told a little lower than the endpoint's, so that a request may be late without another being refused for it. */
const TOLD_BURST = 45;
const STILL_MS = 10_000;
const MOST_MAKESPAN = 1.03;
const MOST_UNFAIR = 0.1;

if (process.argv.includes("--growth")) await growth();
else await quota();

async function quota() {
  const clocks = Array.from({ length: WORKERS }, (_, index) => ({ offsetMs: (index % 2 === 0 ? -1 : 1) * 30_000 }));
  await row("all alike", {});
  await row("every request asks Redis", { advance: 0 });
  await row("wall clocks 30 s before and behind", { clocks });
  await row("one stands still for 10 s", { during: standStill, stillMs: { w0: STILL_MS } });
}

async function row(what, { stillMs = {}, ...options }) {
  const { log, summary, redisCpuMs } = await runFleet({
    ...{ requests: REQUESTS, workers: WORKERS, concurrency: 16, advance: 16 },
    emulator: { rpm: RPM, burst: BURST, latency: `${LATENCY_MS}ms` },
    limits: { rpm: RPM, burst: TOLD_BURST },
    ...options,
  });
  const arrived = log.map(({ atMs }) => atMs);
  const makespanMs = Math.max(...log.map(({ completedAtMs = 0 }) => completedAtMs)) - Math.min(...arrived);
  const boundMs = ((log.length - BURST) / RPM) * 60_000 + LATENCY_MS;
  const refused = log.filter(({ verdict }) => verdict === "rate-limited").length;
  const counts = new Map();
  for (const { customId } of log) counts.set(customId, (counts.get(customId) ?? 0) + 1);
  // Who stood still was there for less.
  const present = new Map([...counts.keys()].map((worker) => [worker, 1 - (stillMs[worker] ?? 0) / makespanMs]));
  const all = [...present.values()].reduce((sum, part) => sum + part, 0);
  const shares = [...counts].map(([worker, count]) => count / ((log.length * present.get(worker)) / all));
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  const isFair = counts.size === WORKERS && least >= 1 - MOST_UNFAIR && most <= 1 + MOST_UNFAIR;
  const isMet = makespanMs <= MOST_MAKESPAN * boundMs && refused === 0 && isFair && summary.succeeded === REQUESTS;
  if (!isMet) process.exitCode = 1;
  console.log(
    [
      isMet ? "met" : "NOT",
      what.padEnd(36),
      `succeeded ${summary.succeeded} of ${REQUESTS}`,
      `makespan ÷ bound ${(makespanMs / boundMs).toFixed(3)} (${(makespanMs / 1000).toFixed(1)} s)`,
      `over-admissions ${refused}`,
      `shares ${least.toFixed(2)} to ${most.toFixed(2)} of an equal one`,
      `Redis ${((redisCpuMs / REQUESTS) * 1000).toFixed(0)} µs per request`,
    ].join("  "),
  );
}

/** One worker stops for ten seconds in the middle, as a laptop's lid or a hypervisor does it. */
async function standStill([first], emulator) {
  while (emulator.log().filter(({ model }) => model === "emu").length < REQUESTS / 4)
    await new Promise((resolve) => setTimeout(resolve, 50));
  first.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, STILL_MS));
  first.kill("SIGCONT");
}

async function growth() {
  const requests = QUICK ? 2000 : 8000;
  for (const workers of [1, 2, 4, 8]) {
    const { log, redisCpuMs, redisCommands, workerCpuMs } = await runFleet({
      ...{ requests, workers, concurrency: 64, advance: 64 },
      emulator: { rpm: 10_000_000, latency: "50ms" },
      limits: { rpm: 10_000_000 },
    });
    const seconds = (Math.max(...log.map(({ completedAtMs = 0 }) => completedAtMs)) - log[0].atMs) / 1000;
    console.log(
      [
        `${workers} worker${workers === 1 ? " " : "s"}`,
        `${(requests / seconds).toFixed(0)} requests/s`,
        `Redis ${((redisCpuMs / requests) * 1000).toFixed(0)} µs of CPU, ${(redisCommands / requests).toFixed(1)} commands per request`,
        `workers ${((workerCpuMs / requests) * 1000).toFixed(0)} µs of CPU per request`,
      ].join("  "),
    );
  }
}
