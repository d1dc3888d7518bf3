// The server's process of the emulator's benchmarks: starts an emulator with the options it is sent, and tells what it cost.
import { startEmulator } from "../packages/emulator/dist/index.js";

let emulator;
let before = process.cpuUsage();

process.on("message", async ({ options }) => {
  if (options === undefined) return process.send(report());
  await emulator?.close();
  emulator = await startEmulator(options);
  before = process.cpuUsage();
  process.send({ port: emulator.port });
});

function report() {
  const { user, system } = process.cpuUsage(before);
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuMs: (user + system) / 1000, rssMb: rss / 2 ** 20, heapMb: heapUsed / 2 ** 20, stats: emulator.stats() };
}
