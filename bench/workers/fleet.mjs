// A Redis, an emulator, worker processes and a coordinator: everything of a batch on many machines, on this one.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { startEmulator } from "../../packages/emulator/dist/index.js";
import { startRedis } from "../../scripts/redis.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Requests for each worker before the measurement. */
const WARM_UP = 100;

/** Runs so many requests over workers; `during` may do something to them. Returns what the emulator and Redis saw. */
export async function runFleet({ requests, workers, emulator: endpoint, during, ...worker }) {
  const folder = mkdtempSync(join(tmpdir(), "bide-fleet-"));
  const server = await startRedis({ config: ["--save", "", "--appendonly", "no"] });
  const emulator = await startEmulator({ ...endpoint, logLimit: requests * 3 + workers * WARM_UP });
  const observer = new Redis(server.url);
  const settings = { redis: server.url, baseUrl: emulator.baseUrl, ...worker };
  const children = await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const { offsetMs = 0 } = worker.clocks?.[index] ?? {};
      const child = fork(path("worker.mjs"), [JSON.stringify({ ...settings, name: `w${index}`, offsetMs })]);
      await once(child, "message");
      return child;
    }),
  );
  const coordinate = (model, count, name) => {
    const options = { redis: server.url, input: inputOf(folder, model, count), output: join(folder, `${name}.jsonl`) };
    return fork(path("coordinator.mjs"), [JSON.stringify(options)]);
  };
  // What a process needs to get going is not what is measured: another model has buckets of its own.
  await once(coordinate("warm", workers * WARM_UP, "warm"), "message");
  const before = { ...(await costOf(observer)), ...(await told(children)) };
  const coordinator = coordinate("emu", requests, "results");
  const disturbed = during?.(children, emulator);
  const [summary] = await once(coordinator, "message");
  await disturbed;
  const after = { ...(await costOf(observer)), ...(await told(children)) };
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map((child) => once(child, "close")));
  const log = emulator.log().filter(({ model }) => model === "emu");
  observer.disconnect();
  await emulator.close();
  await server.stop();
  rmSync(folder, { recursive: true });
  return {
    summary,
    log,
    workerCpuMs: after.workerMs - before.workerMs,
    redisCpuMs: after.redisMs - before.redisMs,
    redisCommands: after.commands - before.commands,
  };
}

function inputOf(folder, model, requests) {
  const input = join(folder, `${model}-prompts.jsonl`);
  const lines = Array.from({ length: requests }, (_, index) => {
    const body = { model, messages: [{ role: "user", content: `Question ${index}` }], user: `id-${index}` };
    return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
  });
  writeFileSync(input, lines.join("\n"));
  return input;
}

/** CPU of the workers so far. */
async function told(children) {
  const told = children.map(async (child) => {
    const answer = once(child, "message");
    child.send("cpu");
    const [{ cpuMs }] = await answer;
    return cpuMs;
  });
  return { workerMs: (await Promise.all(told)).reduce((sum, ms) => sum + ms, 0) };
}

/** CPU of Redis' main thread, and the commands that came from outside. */
async function costOf(redis) {
  const info = await redis.info();
  const read = (name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  const redisMs = (read("used_cpu_user_main_thread") + read("used_cpu_sys_main_thread")) * 1000;
  return { redisMs, commands: read("total_commands_processed") };
}
