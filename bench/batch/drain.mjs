// How fast `bide run`, journal included, drains a file through a quota: makespan against the least that the quota allows,
// and refusals per success, by the endpoint's own log. `npm run bench:batch-drain -- [requests] [told|learned|requests|tokens …]`
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, execPath, exit } from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "packages/cli/bin/bide.js");
if (!existsSync(join(root, "packages/cli/dist/main.js"))) {
  console.error("bench:batch-drain: this needs the build: npm run build");
  exit(2);
}

const [requests = "1500", ...wanted] = argv.slice(2);
const REQUESTS = Number(requests);
const LATENCY_MS = 200;
const BY_REQUESTS = { rpm: 3000, burst: 100 };
const BY_TOKENS = { tpm: 60_000 };
const MAX_TOKENS = 100;
const SCENARIOS = [
  ["told, bound by requests", BY_REQUESTS, ["--rpm", "3000", "--burst", "100"], 1.01, 0],
  ["learned, bound by requests", BY_REQUESTS, [], 1.02, 0.005],
  ["told, bound by tokens", BY_TOKENS, ["--tpm", "60000"], 1.01, 0],
  ["learned, bound by tokens", BY_TOKENS, [], 1.02, 0.005],
];

const folder = mkdtempSync(join(tmpdir(), "bide-batch-drain-"));
const input = join(folder, "prompts.jsonl");
writeFileSync(input, Array.from({ length: REQUESTS }, (_, index) => line(index)).join("\n"));
for (const [index, scenario] of SCENARIOS.entries()) {
  if (wanted.every((word) => scenario[0].includes(word))) await drain(index, ...scenario);
}
rmSync(folder, { recursive: true });

async function drain(index, name, limits, told, most, mostRefused) {
  const endpoint = fork(join(root, "bench/batch/endpoint.mjs"), [
    JSON.stringify({ ...limits, latency: `${LATENCY_MS}ms` }),
  ]);
  const [{ baseUrl }] = await once(endpoint, "message");
  const output = join(folder, `results-${index}.jsonl`);
  const args = [program, "run", input, "-o", output, "--base-url", baseUrl, "--concurrency", "400", ...told];
  const [code] = await once(spawn(execPath, args, { stdio: ["ignore", "ignore", "ignore"] }), "close");
  endpoint.send("report");
  const [{ log }] = await once(endpoint, "message");
  endpoint.disconnect();
  const answered = log.filter(({ verdict }) => verdict === "answered");
  const refused = log.filter(({ status }) => status === 429).length / answered.length;
  const makespanMs =
    Math.max(...answered.map((entry) => entry.completedAtMs)) - Math.min(...log.map((entry) => entry.atMs));
  const ratio = makespanMs / boundMs(limits, answered);
  const isReached = code === 0 && ratio <= most && refused <= mostRefused;
  const figures = `${ratio.toFixed(3)} of the bound (<= ${most}), ${refused.toFixed(4)} refusals per success (<= ${mostRefused})`;
  console.log(
    `${isReached ? "ok  " : "NOT "} ${name.padEnd(28)} ${answered.length} of ${REQUESTS}, ${(makespanMs / 1000).toFixed(1)} s, ${figures}`,
  );
}

/** The bucket is full at the start; what is not in it comes in at the rate of the limit. The last one has to be answered. */
function boundMs({ rpm, burst, tpm }, answered) {
  const last = answered.reduce((latest, entry) => (entry.atMs > latest.atMs ? entry : latest));
  const latencyMs = last.completedAtMs - last.atMs;
  if (rpm !== undefined) return ((answered.length - burst) / rpm) * 60_000 + latencyMs;
  const cost = answered.reduce((sum, { costTokens }) => sum + costTokens, 0);
  return ((cost - tpm) / tpm) * 60_000 + latencyMs;
}

function line(index) {
  const body = { model: "emu", messages: [{ role: "user", content: `Question ${index}` }], max_tokens: MAX_TOKENS };
  return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
}
