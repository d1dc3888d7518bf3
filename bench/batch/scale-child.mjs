// One task of `scale.mjs`, alone in its process.
import { readFileSync } from "node:fs";
import { argv, cpuUsage, resourceUsage } from "node:process";
import { crc32 } from "node:zlib";
import { runBatch } from "../../packages/batch/dist/index.js";

const task = JSON.parse(argv[2]);
const { input, output, baseUrl, concurrency = 64, limit } = task;
process.send(await { run, fill, client }[task.task]());
process.disconnect();

async function run() {
  const { keepAliveFetch } = await import(`${task.own}/http/undici-fetch.mjs`);
  const { keepHeapSmall } = await import(`${task.own}/heap.mjs`);
  keepHeapSmall();
  const http = keepAliveFetch(concurrency);
  const beganMs = performance.now();
  let startedMs = beganMs;
  let cpuBefore = cpuUsage();
  const options = { input, output, baseUrl, concurrency, limit, fetch: http.fetch, quota: { learn: false } };
  const summary = await runBatch({
    ...options,
    onEvent: ({ type }) => {
      if (type !== "run-started") return;
      startedMs = performance.now();
      cpuBefore = cpuUsage();
    },
  });
  const { user, system } = cpuUsage(cpuBefore);
  const endedMs = performance.now();
  await http.close();
  const done = summary.succeeded - summary.before;
  return {
    startSeconds: (startedMs - beganMs) / 1000,
    importSeconds: (startedMs - beganMs) / 1000,
    seconds: (endedMs - beganMs) / 1000,
    perSecond: (done / (summary.elapsedMs || 1)) * 1000,
    cpuMicros: (user + system) / done,
    rssMb: resourceUsage().maxRSS / 1024,
  };
}

/** Makes the journal of a batch that is all but done: one real result, copied to the others. */
async function fill() {
  const body = {
    choices: [{ message: { role: "assistant", content: "An answer. ".repeat(20) } }],
    usage: { prompt_tokens: 70 },
  };
  const headers = { "content-type": "application/json" };
  const answered = async () => new Response(JSON.stringify(body), { headers });
  await runBatch({ input, output, baseUrl: "http://127.0.0.1:9/v1", limit: 1, fetch: answered });
  const { default: Libsql } = await import("libsql");
  const journal = new Libsql(`${output}.bide`);
  const { line } = journal.prepare("SELECT line FROM results WHERE id = 1").get();
  const insert = journal.prepare("INSERT INTO results VALUES (?, ?, ?)");
  const close = journal.prepare("UPDATE items SET state = 1, result = ? WHERE line = ?");
  journal.exec("BEGIN");
  for (let item = 2; item <= task.lines - task.open; item++) {
    const copy = line.replace('"id-0"', `"id-${item - 1}"`);
    insert.run(item, copy, crc32(copy));
    close.run(item, item);
  }
  journal.exec("COMMIT");
  journal.close();
  return {};
}

async function client() {
  const { default: OpenAI } = await import("openai");
  const { default: pLimit } = await import("p-limit");
  const openai = new OpenAI({ baseURL: baseUrl, apiKey: "none" });
  const bodies = readFileSync(input, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).body);
  const gate = pLimit(concurrency);
  const cpuBefore = cpuUsage();
  await Promise.all(bodies.map((body) => gate(() => openai.chat.completions.create(body))));
  const { user, system } = cpuUsage(cpuBefore);
  return { cpuMicros: (user + system) / bodies.length };
}
