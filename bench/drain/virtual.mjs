// The rows of bide on virtual time: the real layer over the emulator in this process, so that no other load on the machine
// shows. `node bench/drain/virtual.mjs [requests] [name]` (after `npm run build`). A way takes 5 to 15 ms, at random.
import { argv } from "node:process";
import { virtualClock } from "../../packages/core/dist/testing.js";
import { emulatorFetch } from "../../packages/emulator/dist/index.js";
import { llmFetch, Quota } from "../../packages/llm/dist/index.js";
import { figuresOf } from "./figures.mjs";
import { LENGTH, MODEL, messagesOf, SCENARIOS, TENANT_MS, tenantSpanFrom } from "./scenarios.mjs";
import { TENANT_BODY, tenantRun } from "./tenant.mjs";

const NO = '{"error":{"message":"Rate limit reached.","type":"requests","param":null,"code":"rate_limit_exceeded"}}';
/** The mean of an answer's way and the next request's, together. */
const WAY_MS = 20;
const URL = "https://api.example.com/v1/chat/completions";
const requests = Number(argv[2] ?? 3000);
for (const scenario of SCENARIOS) {
  if (argv[3] && !scenario.name.includes(argv[3])) continue;
  for (const isMute of scenario.known === "silent" ? [false, true] : [false])
    console.log(await drained(scenario, isMute));
}

/** A silent server's refusals name the limit, as OpenAI's do. @param isMute They say nothing but no. */
async function drained({ name, boundBy, emulator, told, tenantPerSecond }, isMute) {
  const clock = virtualClock();
  const random = seeded(1);
  const server = emulatorFetch({ ...emulator, clock, logLimit: 1_000_000 });
  const onTheWay = (signal) => clock.sleep(5 + 10 * random(), signal);
  const wire = async (url, init) => {
    await onTheWay(init.signal);
    const answer = await server(url, init);
    const { status, headers } = answer;
    const body = isMute && status === 429 ? NO : await answer.arrayBuffer();
    await onTheWay();
    return new Response(body, { status, headers });
  };
  const quota = new Quota(told ?? {});
  const fetch = llmFetch({ clock, random, quota, fetch: wire, maxTime: "2h" });
  const ask = (index) => fetch(URL, post(bodyOf(index), "bench"));
  const tenant = tenantPerSecond ? tenantOn(clock, wire, tenantPerSecond) : Promise.resolve();
  const asked = Array.from({ length: requests }, (_, index) => ask(index));
  const [answers] = await clock.run(Promise.all([Promise.all(asked), tenant]));
  const client = { done: answers.filter(({ ok }) => ok).length, cpuMs: 0, rssMb: 0, errors: {} };
  const all = server.log().map((entry) => ({ ...entry, isTenant: entry.key.endsWith("nant") }));
  const tenantSpan = tenantPerSecond ? tenantSpanFrom(all[0]?.atMs ?? 0) : undefined;
  const about = { boundBy, wayMs: WAY_MS, tenantSpan };
  const { succeeded, refusedPerSuccess, ratio, used } = figuresOf({ all, timeOrigin: 0 }, about, requests, client);
  const what = `${name}${isMute ? ", mute" : ""}`.padEnd(32);
  return `${what} ${succeeded}/${requests}, ${refusedPerSuccess.toFixed(4)} refused each, ${ratio.toFixed(3)} x bound, ${used.toFixed(3)} used`;
}

async function tenantOn(clock, wire, perSecond) {
  const send = (index) => wire(URL, post({ ...TENANT_BODY, user: `${index}` }, "tenant"));
  await clock.sleep(TENANT_MS.from);
  const until = clock.nowMs() + TENANT_MS.to - TENANT_MS.from;
  await tenantRun({ perSecond, send, clock, isOver: () => clock.nowMs() >= until });
}

function bodyOf(index) {
  return { model: MODEL, max_tokens: LENGTH.maxTokens, messages: messagesOf(index) };
}

function post(body, key) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  return { method: "POST", headers, body: JSON.stringify(body) };
}

/** Numbers in [0, 1), the same ones for the same seed. @see Tommy Ettinger's mulberry32 */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
