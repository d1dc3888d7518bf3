// One contender of the benchmark of streams, in a process of its own: `node --expose-gc child.mjs <bare|bide> <cost|bytes> <url>
// <streams> <tokens>`. Prints JSON.
import { createHash } from "node:crypto";
import { getEventListeners, setMaxListeners } from "node:events";
import OpenAI from "openai";

const [contender, mode, baseURL, count, tokens = "80"] = process.argv.slice(2);
const streams = Number(count);
const halfRead = Math.floor(Number(tokens) / 2);
const bare = new OpenAI({ apiKey: "bench", baseURL, maxRetries: 0 });
const { llmFetch, resilient } = contender === "bide" ? await import("../../packages/llm/dist/index.js") : {};
// A slow start would compare unlike things: a client that has all of them open reads many events in one chunk.
const options = { quota: { concurrency: streams } };
const client = resilient ? resilient(bare, options) : bare;
const sent = llmFetch ? llmFetch(options) : fetch;
const caller = new AbortController();
setMaxListeners(0, caller.signal);

// Everything is loaded and compiled before anything is counted.
if (mode !== "bytes") await together(streams, textOf);
console.log(JSON.stringify(mode === "bytes" ? await bytes() : await cost()));

function bodyOf(number) {
  const content = `Question ${number}: what follows from this?`;
  return { model: "gpt-x", stream: true, messages: [{ role: "user", content }] };
}

function create(number) {
  return client.chat.completions.create(bodyOf(number), { signal: caller.signal });
}

async function textOf(number) {
  let characters = 0;
  for await (const chunk of await create(number)) characters += chunk.choices[0]?.delta.content?.length ?? 0;
  return characters;
}

/** Below the client, which keeps listeners of its own on the caller's signal. */
async function hashOf(number) {
  const body = JSON.stringify(bodyOf(number));
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body, signal: caller.signal };
  const response = await sent(`${baseURL}/chat/completions`, init);
  const hash = createHash("sha256");
  for await (const chunk of response.body) hash.update(chunk);
  return hash.digest("hex");
}

function together(number, work) {
  return Promise.all(Array.from({ length: number }, (_, index) => work(index)));
}

/** What the bytes of every stream hash to, and what is left when all is over. */
async function bytes() {
  const hashes = await together(streams, hashOf);
  await settled();
  const listeners = getEventListeners(caller.signal, "abort").length;
  const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  return { hash: createHash("sha256").update(hashes.join()).digest("hex"), listeners, timers };
}

async function cost() {
  const started = process.cpuUsage();
  const characters = await together(streams, textOf);
  const { user, system } = process.cpuUsage(started);
  const { maxRSS } = process.resourceUsage();
  await settled();
  const before = held();
  // The same again, looked at when every stream is half read.
  let reading = 0;
  const halves = [];
  const half = new Promise((resolve) => {
    halves.push(resolve);
  });
  const all = together(streams, async (number) => {
    let chunks = 0;
    for await (const _ of await create(number)) {
      if (++chunks === halfRead && ++reading === streams) halves[0]();
    }
  });
  await half;
  globalThis.gc();
  const heldMb = (held() - before) / 2 ** 20;
  await all;
  return {
    cpuMs: (user + system) / 1000,
    maxRssMb: maxRSS / 1024,
    heldMb,
    characters: characters.reduce((sum, length) => sum + length, 0),
  };
}

function held() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function settled() {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc();
  }
}
