// How a batch behaves as it grows: `npm run bench:batch -- [memory|resume|rate|cpu …]`, all of them without a name.
// Ratios are taken within one run, rates are of this machine at this moment.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
if (!existsSync(join(here, "../../packages/batch/dist/index.js"))) {
  console.error("bench:batch: this needs the build: npm run build");
  exit(2);
}

// The program's own way to the network, and how it sets up the engine: neither is an export of its package.
const own = join(here, "../../node_modules/.cache/bide-bench");
const sources = ["http/undici-fetch.ts", "heap.ts"].map((file) => join(here, "../../packages/cli/src", file));
await build({
  ...{ entryPoints: sources, outdir: own, outbase: join(here, "../../packages/cli/src"), bundle: true },
  ...{ format: "esm", platform: "node", packages: "external", logLevel: "error", outExtension: { ".js": ".mjs" } },
});

const parts = { memory, resume, rate, cpu };
const wanted = argv.slice(2).length > 0 ? argv.slice(2) : Object.keys(parts);
const [SMALL, MIDDLE, LARGE] = [10_000, 50_000, 1_000_000];
const folder = mkdtempSync(join(tmpdir(), "bide-scale-"));
const files = new Map();

try {
  for (const part of wanted) await parts[part]();
} finally {
  rmSync(folder, { recursive: true });
}

/** All requests of a file of 10,000 lines, and all of one of 1,000,000. */
async function memory() {
  const endpoint = await emulator();
  const peaks = [];
  for (const lines of [SMALL, LARGE]) {
    const { rssMb, importSeconds, seconds } = await child({ task: "run", lines, baseUrl: endpoint.baseUrl });
    peaks.push(rssMb);
    const times = `read and checked in ${importSeconds.toFixed(1)} s, done after ${seconds.toFixed(0)} s`;
    row("memory", `${lines.toLocaleString("en")} lines: peak ${rssMb.toFixed(0)} MB, ${times}`);
  }
  const [small, large] = peaks;
  row(
    "memory",
    `${(large / small).toFixed(2)} times as much`,
    large / small <= 1.2 && large <= 250,
    "<= 1.2 and <= 250 MB",
  );
  endpoint.close();
}

/** A file of a million lines of which ten are open. */
async function resume() {
  const endpoint = await emulator();
  await child({ task: "fill", lines: LARGE, open: 10 });
  const { startSeconds, seconds, rssMb } = await child({
    task: "run",
    lines: LARGE,
    baseUrl: endpoint.baseUrl,
    keeps: true,
  });
  row("resume", `started after ${startSeconds.toFixed(2)} s with 1,000,000 lines done`, startSeconds <= 5, "<= 5 s");
  row("resume", `the last ten done and all results written after ${seconds.toFixed(1)} s, peak ${rssMb.toFixed(0)} MB`);
  endpoint.close();
}

/** As fast as it goes, journaled, with the endpoint in a process of its own. */
async function rate() {
  const endpoint = await emulator();
  let best = 0;
  for (const concurrency of [64, 128, 256, 64, 128, 256]) {
    const { perSecond, cpuMicros } = await child({
      task: "run",
      lines: 20_000,
      concurrency,
      baseUrl: endpoint.baseUrl,
    });
    row("rate", `${concurrency} at once: ${perSecond.toFixed(0)} requests/s, ${cpuMicros.toFixed(0)} µs of CPU each`);
    best = Math.max(best, perSecond);
  }
  row("rate", `at best ${best.toFixed(0)} requests/s`, best >= 4000, ">= 4,000");
  endpoint.close();
}

/**
 * The same requests by the official client with p-limit, which keeps no journal. Of a short file, the engine's compiler takes a
 * third of what is measured, on either side; the bound is for one as long as the Batch API allows.
 */
async function cpu() {
  const endpoint = await emulator();
  for (const [lines, bound] of [[SMALL], [MIDDLE, 1 / 3]]) {
    const ratios = [];
    for (let round = 0; round < 3; round++) {
      const ours = await child({ task: "run", lines, concurrency: 64, baseUrl: endpoint.baseUrl });
      const theirs = await child({ task: "client", lines, concurrency: 64, baseUrl: endpoint.baseUrl });
      ratios.push(ours.cpuMicros / theirs.cpuMicros);
      const [own, other] = [ours, theirs].map(({ cpuMicros }) => `${cpuMicros.toFixed(0)} µs`);
      row("cpu", `${lines.toLocaleString("en")} lines: bide ${own}, openai with p-limit ${other} per request`);
    }
    const median = ratios.sort((one, other) => one - other)[1];
    const text = `${lines.toLocaleString("en")} lines: ${median.toFixed(2)} of the official client`;
    if (bound === undefined) row("cpu", text);
    else row("cpu", text, median <= bound, "<= 0.33");
  }
  endpoint.close();
}

function row(part, text, isReached, bound) {
  const verdict = isReached === undefined ? "    " : isReached ? "ok  " : "NOT ";
  console.log(`${verdict} ${part.padEnd(7)} ${text}${bound === undefined ? "" : ` (${bound})`}`);
}

async function emulator() {
  const process = fork(join(here, "endpoint.mjs"), [JSON.stringify({ latency: "0ms", logLimit: 0 })]);
  const [{ baseUrl }] = await once(process, "message");
  return { baseUrl, close: () => process.disconnect() };
}

/** Does a task in a process of its own, so that its memory and its CPU are nobody else's. */
async function child(task) {
  const input = await fileOf(task.lines);
  const output = join(folder, `${task.lines}.jsonl`);
  const process = fork(join(here, "scale-child.mjs"), [JSON.stringify({ ...task, input, output, own })]);
  const [result] = await Promise.race([once(process, "message"), once(process, "close").then(gone)]);
  if (process.exitCode === null) await once(process, "close");
  if (task.task === "run")
    for (const end of ["", ".bide", ".bide-wal", ".bide-shm"]) rmSync(output + end, { force: true });
  return result;
}

function gone([code]) {
  throw new Error(`a task ended with ${code} and no result`);
}

/** Lines of about 450 bytes. */
async function fileOf(lines) {
  const known = files.get(lines);
  if (known !== undefined) return known;
  const path = join(folder, `prompts-${lines}.jsonl`);
  const stream = createWriteStream(path);
  const filler = "The quick brown fox jumps over the lazy dog. ".repeat(6);
  for (let index = 0; index < lines; index++) {
    const body = {
      model: "emu",
      messages: [{ role: "user", content: `Question ${index}: ${filler}` }],
      max_tokens: 16,
    };
    const line = { custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body };
    if (!stream.write(`${JSON.stringify(line)}\n`)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "close");
  files.set(lines, path);
  return path;
}
