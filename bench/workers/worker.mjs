// One worker of `bench/workers.mjs`, in a process of its own. Its wall clock may be wrong, as those of machines are.

import { shareQuota, startWorker } from "@bide/batch/distributed";
import { Quota } from "@bide/llm";
import { systemClock } from "bide";

const { redis, baseUrl, name, concurrency, offsetMs, limits, advance } = JSON.parse(process.argv[2]);

const clock = {
  nowMs: () => systemClock.nowMs() + offsetMs,
  wallNowMs: () => systemClock.wallNowMs() + offsetMs,
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
  timer: (atMs, callback) => systemClock.timer(atMs - offsetMs, callback),
};
const shared = shareQuota(redis, { advance, advanceFor: "1s", clock });
const worker = startWorker({
  ...{ redis, baseUrl, name, concurrency, clock, lock: "30s" },
  // The endpoint's log keeps this header: so it is known who sent what.
  headers: { "x-custom-id": name },
  quota: limits && new Quota({ ...limits, store: shared.store }),
});
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1000 });
});
process.once("SIGTERM", async () => {
  await worker.drain();
  await shared.close();
  process.disconnect();
});
process.send("ready");
