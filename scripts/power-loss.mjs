// What a power cut leaves of a journal: records the writes and syncs of a batch with strace, rebuilds the files as a disk may
// hold them at every moment, with what was not synced dropped, kept in part or torn, and goes on from each of them.
// `npm run test:power`; needs strace (installed where this runs as root on Debian) and the build.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { argv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { replay } from "./power-loss/replay.mjs";
import { parseTrace } from "./power-loss/trace.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = join(root, "packages/batch/dist/index.js");
const ITEMS = Number(argv[2] ?? 40);
const SEED = 11;
const ANSWER = JSON.stringify({
  choices: [{ message: { content: "An answer. ".repeat(30) } }],
  usage: { prompt_tokens: 3 },
});

if (!existsSync(built)) fail("this needs the build: npm run build");
needStrace();
const { runBatch } = await import(built);

const folder = mkdtempSync(join(tmpdir(), "bide-power-"));
const input = join(folder, "prompts.jsonl");
writeFileSync(input, Array.from({ length: ITEMS }, (_, index) => line(index)).join("\n"));
const operations = record();
console.log(`${operations.length} writes, syncs and acknowledgements were recorded`);

let states = 0;
let isSound = true;
for (const { at, variant, files, acknowledged } of replay(operations, SEED)) {
  const problem = await problemOf(files, acknowledged);
  states++;
  if (problem === undefined) continue;
  isSound = false;
  console.log(`FAIL after operation ${at}, ${variant}: ${problem}`);
}
console.log(
  `${isSound ? "ok  " : "FAIL"} ${states} states of the disk: what was acknowledged is there, and the run goes on`,
);
rmSync(folder, { recursive: true });
process.exit(isSound ? 0 : 1);

/** Runs a batch in two parts, the second of which takes up what the first left, and writes down what it did to the disk. */
function record() {
  const script = join(folder, "run.mjs");
  const trace = join(folder, "trace");
  writeFileSync(script, childSource());
  const calls = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename";
  const options = ["-f", "-y", "-xx", "-s", "100000", "-e", `trace=${calls}`, "-o", trace];
  const { status } = spawnSync("strace", [...options, execPath, script], { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) fail(`the recorded run ended with ${status}`);
  return parseTrace(readFileSync(trace, "latin1"), join(folder, "recorded.jsonl.bide"));
}

function childSource() {
  return `import { writeSync } from "node:fs";
import { runBatch } from ${JSON.stringify(built)};
const options = {
  input: ${JSON.stringify(input)}, output: ${JSON.stringify(join(folder, "recorded.jsonl"))},
  baseUrl: "http://127.0.0.1:9/v1", concurrency: 4,
  fetch: async () => new Response(${JSON.stringify(ANSWER)}, { headers: { "content-type": "application/json" } }),
  onEvent: (event) => { if (event.type === "item-done") writeSync(1, event.customId + "\\n"); },
};
await runBatch({ ...options, limit: ${Math.floor(ITEMS / 2)} });
await runBatch(options);
`;
}

/** Goes on from what the disk holds. Returns what is wrong with it, if anything is. */
async function problemOf(files, acknowledged) {
  const place = mkdtempSync(join(folder, "state-"));
  const output = join(place, "recorded.jsonl");
  for (const [path, content] of files) writeFileSync(join(place, basename(path)), content);
  const sent = [];
  try {
    const summary = await runBatch({
      ...{ input, output, baseUrl: "http://127.0.0.1:9/v1", concurrency: 16 },
      fetch: async (_, init) => {
        sent.push(JSON.parse(init.body).user);
        return new Response(ANSWER, { headers: { "content-type": "application/json" } });
      },
    });
    const again = sent.filter((id) => acknowledged.has(id));
    if (again.length > 0) return `sent again: ${again.join(", ")}`;
    const ids = readFileSync(output, "utf8")
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text).custom_id);
    const isWhole = ids.length === ITEMS && ids.every((id, index) => id === `id-${index}`);
    return isWhole && summary.open === 0 ? undefined : `${new Set(ids).size} of ${ITEMS} results`;
  } catch (error) {
    return String(error);
  } finally {
    rmSync(place, { recursive: true });
  }
}

function line(index) {
  const body = { model: "emu", messages: [{ role: "user", content: `Question ${index}` }], user: `id-${index}` };
  return JSON.stringify({ custom_id: `id-${index}`, method: "POST", url: "/v1/chat/completions", body });
}

function needStrace() {
  if (spawnSync("strace", ["-V"]).status === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) fail("this needs strace: apt-get install strace");
  console.log("installing strace");
  execFileSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
  execFileSync("apt-get", ["install", "-y", "-qq", "strace"], { stdio: "ignore" });
}

function fail(reason) {
  console.error(`power-loss: ${reason}`);
  process.exit(2);
}
