// 2,319 real prompts in five languages through `bide run`, for each way in which an endpoint may speak, with 5 % of all
// requests failing in some way: every prompt is accounted for, and every line of the output is a valid one.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, execPath, exit } from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "packages/cli/bin/bide.js");
const data = ["gsm8k-test.batch.jsonl", "mgsm-zh-ja-th-bn.batch.jsonl"].map((name) =>
  join(root, "../shared/data", name),
);
if (!data.every((file) => existsSync(file))) fail(`this needs ${data.join(" and ")}`);
if (!existsSync(join(root, "packages/cli/dist/main.js"))) fail("this needs the build: npm run build");

const named = argv.slice(2);
const dialects =
  named.length > 0 ? named : ["openai", "azure", "anthropic", "gemini", "groq", "mistral", "openrouter", "silent"];
const FAULTS = [
  ...["500:0.6%", "502:0.5%", "503:0.6%", "529:0.5%", "408:0.4%", "409:0.4%", "error-200:0.4%"],
  ...["reset:0.5%", "reset-body:0.5%", "truncate:0.3%", "stall:0.15%", "stall-body:0.15%"],
];

const SPOKEN = new Set(["openai", "azure", "groq", "mistral", "openrouter"]);

const folder = mkdtempSync(join(tmpdir(), "bide-dialects-"));
const input = join(folder, "prompts.jsonl");
const lines = data.flatMap((file) => readFileSync(file, "utf8").trimEnd().split("\n"));
writeFileSync(input, `${lines.join("\n")}\n`);
const wanted = lines.map((line) => JSON.parse(line).custom_id);

let isSound = true;
for (const dialect of dialects) {
  const { problems, ...figures } = await ran(dialect);
  isSound &&= problems.length === 0;
  console.log(
    `${problems.length === 0 ? "ok  " : "FAIL"} ${dialect.padEnd(12)} ${JSON.stringify(figures)} ${problems.join("; ")}`,
  );
}
rmSync(folder, { recursive: true });
exit(isSound ? 0 : 1);

async function ran(dialect) {
  const options = { dialect, latency: "40ms", faults: FAULTS, seed: 5, rpm: 60_000, tpm: 30_000_000 };
  const endpoint = fork(join(root, "bench/batch/endpoint.mjs"), [JSON.stringify(options)]);
  const [{ baseUrl }] = await once(endpoint, "message");
  const output = join(folder, `${dialect.replace(/\W/g, "-")}.jsonl`);
  const startedMs = performance.now();
  const args = [program, "run", input, "-o", output, "--base-url", baseUrl, "--attempt-timeout", "5s"];
  // What a provider's own address would tell.
  if (SPOKEN.has(dialect)) args.push("--dialect", dialect);
  const child = spawn(execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const [code] = await once(child, "close");
  const seconds = (performance.now() - startedMs) / 1000;
  endpoint.send("report");
  const [{ stats }] = await once(endpoint, "message");
  endpoint.disconnect();
  const problems = problemsOf(output, code);
  if (problems.length > 0) console.log(said.slice(-2000));
  const faults = Object.values(stats.byFault).reduce((sum, count) => sum + count, 0);
  return { prompts: wanted.length, seconds: Number(seconds.toFixed(1)), arrivals: stats.arrivals, faults, problems };
}

function problemsOf(output, code) {
  const problems = code === 0 ? [] : [`exit code ${code}`];
  if (!existsSync(output)) return [...problems, "no output"];
  const results = readFileSync(output, "utf8").trimEnd().split("\n").map(parsed);
  const bad = results.filter((line) => !isValid(line)).length;
  if (bad > 0) problems.push(`${bad} lines that are not valid`);
  const ids = results.map((line) => line?.custom_id);
  if (ids.length !== wanted.length) problems.push(`${ids.length} lines for ${wanted.length} prompts`);
  if (!ids.every((id, index) => id === wanted[index])) problems.push("not the prompts' names in their order");
  return problems;
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A line of an output file of the Batch API, with a chat completion in it. */
function isValid(line) {
  if (line === undefined || Object.keys(line).join() !== "id,custom_id,response,error") return false;
  const { id, response, error } = line;
  if (typeof id !== "string" || !/^batch_req_[0-9a-f]{24}$/.test(id) || error !== null) return false;
  if (response.status_code !== 200 || typeof response.request_id !== "string") return false;
  const [choice] = response.body.choices;
  return (
    typeof choice.message.content === "string" && choice.message.content !== "" && response.body.usage.total_tokens > 0
  );
}

function fail(reason) {
  console.error(`bench:dialects: ${reason}`);
  exit(2);
}
