// One client in a process of its own: drains N requests with one library, and tells what it cost.
import { argv, cpuUsage, memoryUsage } from "node:process";
import { contenders } from "./contenders.mjs";
import { BURST, LATENCY_MS, MODEL, PER_SECOND } from "./scenarios.mjs";

const { contender, setting, baseUrl, requests, told, known, boundBy } = JSON.parse(argv[2]);
let isOver = false;
let peakRss = 0;
const watch = setInterval(() => {
  peakRss = Math.max(peakRss, memoryUsage().rss);
}, 50);
// Modules, DNS and connections are nobody's merit or fault: there are as many as are in flight at once, and they are warm.
const connections = BURST + (2 * PER_SECOND * LATENCY_MS) / 1000;
const warm = () => fetch(`${baseUrl}/models`).then((response) => response.arrayBuffer());
await Promise.all(Array.from({ length: connections }, warm));
const ask = await contenders[contender](setting, { baseUrl, told, known, boundBy, model: MODEL, requests });
const before = process.cpuUsage();
let done = 0;
const errors = {};
const giveUp = new Promise((resolve) => setTimeout(resolve, Number(argv[3])).unref());
const all = Array.from({ length: requests }, async (_, index) => {
  try {
    await ask(index);
    done++;
  } catch (error) {
    const name = `${error?.constructor?.name} ${error?.status ?? ""}`.trim();
    if (!isOver) errors[name] = (errors[name] ?? 0) + 1;
  }
});
await Promise.race([Promise.all(all), giveUp]);
isOver = true;
const { user, system } = cpuUsage(before);
clearInterval(watch);
process.send(
  { done, errors, cpuMs: (user + system) / 1000, rssMb: Math.max(peakRss, memoryUsage().rss) / 2 ** 20 },
  () => process.exit(),
);
