// How the emulator's pure model carries a crowd under virtual time: every client of many asks until it is answered.
// Usage: node bench/emulator-model.mjs [--clients 100000] [--keys 1]   (after `npm run build`)
// Fails if anybody stays without an answer, or if in any minute more is admitted than the limits allow.
import { parseArgs } from "node:util";
import { createModel, hashText, seededRandom } from "../packages/emulator/dist/model/index.js";

const { values } = parseArgs({
  options: { clients: { type: "string", default: "100000" }, keys: { type: "string", default: "1" } },
});
const clients = Number(values.clients);
const keys = Number(values.keys);
const limits = { rpm: 20_000, tpm: 10_000_000 };
const model = createModel({
  ...limits,
  organization: { rpm: 30_000 },
  cost: "openai-sum",
  countRejected: false,
  faults: ["500:2%", "reset:1%"],
  brownOuts: [{ from: "1m", to: "90s", fault: "503:50%" }],
  changes: [{ at: "3m", rpm: 25_000 }],
  latency: "500ms/20ms",
});

/** What happens at each millisecond of virtual time: clients who ask, and answers that end. */
const due = [];
function at(ms, happening) {
  due[ms] ??= [];
  due[ms].push(happening);
}

const random = seededRandom(1);
const admittedAt = [];
let arrivals = 0;
let answered = 0;
let nowMs = 0;

/** `tries`: how often this client has been refused, which makes it wait longer. */
function ask(client, tries = 0) {
  arrivals++;
  const arrival = {
    key: `key-${client % keys}`,
    model: "m",
    hash: hashText(`request ${client}`),
    size: { characters: 400, maxTokens: 200 },
    stream: client % 2 === 0,
  };
  const decision = model.arrive(arrival, nowMs);
  if (decision.verdict !== "admitted") {
    const backoffMs = random() * Math.min(60_000, 1000 * 2 ** tries);
    at(nowMs + Math.ceil((decision.hintMs ?? 0) + backoffMs) + 1, () => ask(client, tries + 1));
    return;
  }
  admittedAt[nowMs] = (admittedAt[nowMs] ?? 0) + 1;
  const { timing, outputTokens, strike } = decision;
  at(nowMs + Math.ceil(timing.firstTokenMs + outputTokens * timing.perTokenMs), () => {
    decision.produce(outputTokens, nowMs);
    decision.end(nowMs);
    if (strike === undefined) answered++;
    else ask(client);
  });
}

const before = process.cpuUsage();
for (let client = 0; client < clients; client++) at(Math.floor(random() * 60_000), () => ask(client));
for (; nowMs < due.length; nowMs++) {
  for (const happening of due[nowMs] ?? []) happening();
  due[nowMs] = undefined;
}
const { user, system } = process.cpuUsage(before);
const cpuMs = (user + system) / 1000;

let busiest = 0;
let minute = 0;
for (let ms = 0; ms < admittedAt.length; ms++) {
  minute += (admittedAt[ms] ?? 0) - (admittedAt[ms - 60_000] ?? 0);
  busiest = Math.max(busiest, minute);
}
const most = Math.min(keys * (20_000 + 25_000), 30_000 + 30_000);
console.log(
  `${clients} clients, ${keys} keys: ${answered} answered after ${arrivals} requests and ${(nowMs / 60_000).toFixed(1)} virtual minutes, ` +
    `in ${(cpuMs / 1000).toFixed(1)} s of CPU (${Math.round(arrivals / cpuMs)} requests/ms); ` +
    `busiest minute ${busiest} of at most ${most} (capacity and refill), ${model.inFlight()} left in flight`,
);
process.exitCode = answered === clients && busiest <= most && model.inFlight() === 0 ? 0 : 1;
