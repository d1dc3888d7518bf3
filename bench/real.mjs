// 1,319 real prompts through `bide run` against an emulated endpoint with a quota and faults, killed three times on the way.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const input = join(root, "../shared/data/gsm8k-test.batch.jsonl");
const program = join(root, "packages/cli/bin/bide.js");
if (!existsSync(input)) fail(`this needs the file ../shared/data/gsm8k-test.batch.jsonl beside the repository`);
if (!existsSync(join(root, "packages/cli/dist/main.js"))) fail("this needs the build: npm run build");

const LIMITS = { rpm: 6000, burst: 100 };
const FAULTS = ["500:0.5%", "503:0.5%", "reset:0.5%", "reset-body:0.5%"];
const CONCURRENCY = 100;
const KILLS_AFTER_MS = [2300, 3100, 1700];

const folder = mkdtempSync(join(tmpdir(), "bide-real-"));
const output = join(folder, "results.jsonl");
const endpoint = fork(join(root, "bench/batch/endpoint.mjs"), [
  JSON.stringify({ ...LIMITS, latency: "250ms", faults: FAULTS, seed: 3 }),
]);
const [{ baseUrl }] = await once(endpoint, "message");

const startedMs = performance.now();
const arrivalsAtKill = [];
for (const afterMs of KILLS_AFTER_MS) {
  const child = start("ignore");
  const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
  const [code] = await once(child, "close");
  clearTimeout(timer);
  if (code !== null) fail(`the run ended with ${code} before it could be killed`);
  const { stats } = await report();
  arrivalsAtKill.push(stats.arrivals);
  console.log(`killed after ${afterMs} ms, at ${stats.arrivals} requests`);
}
const [code] = await once(start("inherit"), "close");
const seconds = (performance.now() - startedMs) / 1000;
const { log, stats } = await report();
endpoint.disconnect();

const wanted = idsIn(input);
const got = idsIn(output);
const answered = log.filter((entry) => entry.verdict === "answered" && entry.completedAtMs !== undefined);
const times = new Map();
for (const { requestHash } of answered) times.set(requestHash, (times.get(requestHash) ?? 0) + 1);
const repeated = [...times.values()].reduce((sum, count) => sum + count - 1, 0);
const checks = [
  ["the last run ended with 0", code === 0],
  ["each custom_id exactly once in the output", got.length === wanted.length && new Set(got).size === wanted.length],
  ["in the order of the input", got.every((id, index) => id === wanted[index])],
  ["no errors file", !existsSync(join(folder, "results.errors.jsonl"))],
  ["answered more than once: at most what was in flight at the kills", repeated <= KILLS_AFTER_MS.length * CONCURRENCY],
];
for (const [what, holds] of checks) console.log(`${holds ? "ok  " : "FAIL"} ${what}`);
console.log({
  prompts: wanted.length,
  seconds,
  arrivals: stats.arrivals,
  repeated,
  arrivalsAtKill,
  ...stats.byVerdict,
});
console.log(`faults: ${JSON.stringify(stats.byFault)}`);
rmSync(folder, { recursive: true });
process.exit(checks.every(([, holds]) => holds) ? 0 : 1);

function start(stdio) {
  const quota = ["--rpm", String(LIMITS.rpm), "--burst", String(LIMITS.burst), "--concurrency", String(CONCURRENCY)];
  const args = [program, "run", input, "-o", output, "--base-url", baseUrl, ...quota];
  return spawn(process.execPath, args, { stdio: ["ignore", stdio, stdio] });
}

async function report() {
  endpoint.send("report");
  const [message] = await once(endpoint, "message");
  return message;
}

function idsIn(path) {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).custom_id);
}

function fail(reason) {
  console.error(`bench:real: ${reason}`);
  process.exit(2);
}
