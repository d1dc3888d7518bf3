// What bide costs under a thousand streams at once, beside the client alone: `node bench/streams.mjs [--rounds 9] [--streams 1000]
// [--tokens 80]` after `npm run build`. Every sample comes from a process of its own, the contenders take turns, and medians are compared.
// Exit code 1 when a target is missed.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { forkServer } from "./emulator-callers.mjs";
import { median } from "./overhead/measure.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    streams: { type: "string", default: "1000" },
    tokens: { type: "string", default: "80" },
  },
});
const MOST = 1.25;
const child = fileURLToPath(new URL("streams/child.mjs", import.meta.url));
const { ask, stop } = forkServer();
// Eighty tokens of 25 ms each, where nothing else is told: two seconds in which all of them are open.
const { port } = await ask({
  options: { latency: "200ms/25ms", answerLength: { medianTokens: Number(values.tokens), sigma: 0 }, logLimit: 10 },
});

async function sample(contender, mode) {
  const args = ["--expose-gc", child, contender, mode, `http://127.0.0.1:${port}/v1`, values.streams, values.tokens];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout);
}

const samples = { bare: [], bide: [] };
for (let round = 0; round < Number(values.rounds); round++) {
  // Who goes first changes, so that neither always follows the other.
  const order = round % 2 === 0 ? ["bare", "bide"] : ["bide", "bare"];
  for (const contender of order) samples[contender].push(await sample(contender, "cost"));
}
const bytes = { bare: await sample("bare", "bytes"), bide: await sample("bide", "bytes") };
stop();

const rows = [
  ["CPU, ms", "cpuMs"],
  ["peak RSS, MB", "maxRssMb"],
  ["held while all are half read, MB", "heldMb"],
].map(([name, key]) => {
  const [bare, bide] = ["bare", "bide"].map((contender) => median(samples[contender].map((each) => each[key])));
  const ratio = bide / bare;
  return {
    name,
    bare: Number(bare.toFixed(1)),
    bide: Number(bide.toFixed(1)),
    ratio: Number(ratio.toFixed(3)),
    met: ratio <= MOST,
  };
});
console.log(
  `${values.streams} streams of about ${values.tokens} events at once, median of ${values.rounds} rounds, target ${MOST}:`,
);
console.table(rows);
const isSame = bytes.bare.hash === bytes.bide.hash;
const left = `${bytes.bide.listeners} listeners and ${bytes.bide.timers} timers left (alone: ${bytes.bare.listeners} and ${bytes.bare.timers})`;
console.log(`bytes ${isSame ? "identical" : "DIFFERENT"}; ${left}`);
const isClean = bytes.bide.listeners === 0 && bytes.bide.timers <= bytes.bare.timers;
process.exitCode = isSame && isClean && rows.every(({ met }) => met) ? 0 : 1;
