// 100,000 calls that wait in one lane: are they let in in order, what does an admission cost, and how much memory does each take?
// `node --expose-gc bench/waiters.mjs` (after `npm run build`). On virtual time, so that only work is measured.
import { virtualClock } from "../packages/core/dist/testing.js";
import { llmFetch, Quota } from "../packages/llm/dist/index.js";

const JSON_TYPE = { headers: { "content-type": "application/json" } };

if (globalThis.gc === undefined) throw new Error("run it with --expose-gc");
for (const waiters of [1000, 10_000, 100_000]) console.log(await measured(waiters));

async function measured(waiters) {
  const clock = virtualClock();
  const quota = new Quota({ rpm: 600_000, burst: 1, ageing: "1d" });
  let isInOrder = true;
  let next = 0;
  const answer = (_url, init) => {
    isInOrder &&= JSON.parse(init.body).number === next++;
    return Promise.resolve(new Response('{"choices":[{"message":{"content":"x"}}]}', JSON_TYPE));
  };
  const fetch = llmFetch({ clock, quota, fetch: answer, maxTime: "1d" });
  const before = heap();
  const startedMs = performance.now();
  const calls = Array.from({ length: waiters }, (_, number) => fetch(...request(number)));
  await new Promise((resolve) => setTimeout(resolve, 1));
  const joinedMs = performance.now() - startedMs;
  const each = (heap() - before) / waiters;
  const drainingMs = performance.now();
  await clock.run(Promise.all(calls));
  const drainedMs = performance.now() - drainingMs;
  const us = (ms) => `${((ms * 1000) / waiters).toFixed(0)} us`;
  return `${waiters} calls: in order ${isInOrder}; ${us(joinedMs)} each to join, ${us(drainedMs)} to be let in and answered, ${each.toFixed(0)} bytes while it waits`;
}

function request(number) {
  const body = JSON.stringify({ model: "m", number, messages: [{ role: "user", content: "x" }] });
  return ["https://api.example.com/v1/chat/completions", { method: "POST", body }];
}

function heap() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
