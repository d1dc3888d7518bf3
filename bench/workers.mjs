// Eight worker processes on one quota: how long they take against the bound, whether one request too many ever went, and
// whether they shared; with clocks that are half a minute wrong, and with one worker standing still. `--growth`: what 1, 2,
// 4 and 8 workers cost where no quota holds them back.
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

if (process.argv.includes("--growth")) await growth();
else await quota();

async function quota() {
  const clocks = Array.from({ length: WORKERS }, (_, index) => ({ offsetMs: (index % 2 === 0 ? -1 : 1) * 30_000 }));
  await row("all alike", {});
  await row("every request asks Redis", { advance: 0 });
  await row("wall clocks 30 s before and behind", { clocks });
  await row("one stands still for 10 s", { during: standStill });
}

async function row(what, options) {
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
  const shares = [...counts.values()].map((count) => count / (log.length / WORKERS));
  console.log(
    [
      what.padEnd(36),
      `succeeded ${summary.succeeded} of ${REQUESTS}`,
      `makespan ÷ bound ${(makespanMs / boundMs).toFixed(3)} (${(makespanMs / 1000).toFixed(1)} s)`,
      `over-admissions ${refused}`,
      `shares ${Math.min(...shares).toFixed(2)} to ${Math.max(...shares).toFixed(2)} of an equal one`,
      `Redis ${((redisCpuMs / REQUESTS) * 1000).toFixed(0)} µs per request`,
    ].join("  "),
  );
}

/** One worker stops for ten seconds in the middle, as a laptop's lid or a hypervisor does it. */
async function standStill([first], emulator) {
  while (emulator.log().filter(({ model }) => model === "emu").length < REQUESTS / 4)
    await new Promise((resolve) => setTimeout(resolve, 50));
  first.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 10_000));
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
