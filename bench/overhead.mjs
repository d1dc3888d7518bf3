// What bide costs, beside a hand-written loop and the libraries that people use instead. `npm run overhead` in this folder:
//   node overhead.mjs [--nodes 20,24] [--rounds 5] [--only ok,heap] [--quick]
// Every figure comes from fresh processes, rounds interleaved over the contenders; the median of the rounds is printed.
// Ratios are taken within one process. Exit code 1 when a target is missed.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { contenders, stacks } from "./overhead/contenders.mjs";
import { median } from "./overhead/measure.mjs";
import { nodeProgram } from "./programs.mjs";

const { values: args } = parseArgs({
  options: {
    nodes: { type: "string", default: process.versions.node.split(".")[0] },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const rounds = args.quick ? 1 : Number(args.rounds);
const child = fileURLToPath(new URL("overhead/child.mjs", import.meta.url));
const loader = fileURLToPath(new URL("overhead/load.mjs", import.meta.url));
const dist = new URL(process.env["BIDE_DIST"] ?? "../packages/core/dist/", import.meta.url);

// A young generation so large that nothing is collected while bytes are counted.
const ROOMY = ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=256"];
const HEAVY = ["--expose-gc", "--max-old-space-size=8192"];
const PLAIN = "hand-written loop";
const BOUNDED = "hand-written loop, same bounds";
const ALL = Object.keys(contenders);
const PEERS = ALL.filter((name) => !name.startsWith("bide") && ![PLAIN, BOUNDED].includes(name));
/** Those that sleep abortably on a signal of the caller. */
const SIGNALLED = ["bide", "cockatiel", "p-retry"];
const SLEEPERS = [PLAIN, "bide", ...PEERS];

let node = process.execPath;
let missed = 0;

const tables = { ok, stack, recover, heap, late, flat, signal, load };
const chosen = args.only?.split(",") ?? Object.keys(tables);
for (const major of args.nodes.split(",")) {
  node = nodeProgram(major);
  console.log(`\nNode ${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}`);
  for (const name of chosen) tables[name]();
}
console.log(missed === 0 ? "\nEvery target is met." : `\n${missed} targets are missed.`);
process.exitCode = missed === 0 ? 0 : 1;

function ok() {
  const names = ALL.filter((name) => name !== PLAIN);
  const times = measured(names, (name) => ["ok", name], ROOMY);
  const bytes = measured(ALL, (name) => ["bytes", name], ROOMY);
  const ratio = (name, key) => median(times[name].map((sample) => sample.it / sample[key]));
  const rows = names.map((name) => [
    name,
    column(times[name], "it", 0),
    ratio(name, "plain").toFixed(2),
    ratio(name, "bounded").toFixed(2),
    column(bytes[name], "it", 0),
    name === "bide"
      ? target(ratio(name, "bounded"), 1.3, "x bounded")
      : name.includes("Infinity")
        ? target(ratio(name, "plain"), 1.15, "x loop")
        : "",
  ]);
  const every = Object.values(times).flat();
  rows.unshift([PLAIN, column(every, "plain", 0), "1.00", "", column(bytes[PLAIN], "it", 0), ""]);
  rows.unshift(["bare `await fn()`", column(every, "bare", 0), "", "", "", ""]);
  print("A call that succeeds at once", ["", "ns", "x loop", "x bounded loop", "bytes", "target"], rows);
  const [best] = PEERS.map((name) => [ratio(name, "plain"), name]).sort(([a], [b]) => a - b);
  note(
    `ahead of every peer (best: ${best[1]}, ${best[0].toFixed(2)} x loop)`,
    target(ratio("bide", "plain"), best[0], "x loop"),
  );
}

function stack() {
  const results = measured(Object.keys(stacks), (name) => ["stack", name], ROOMY);
  const rows = Object.entries(results).map(([name, samples]) => {
    if (samples[0] === null) return [name, "", "", "not built yet"];
    const ratio = median(samples.map(({ it, plain }) => it / plain));
    return [
      name,
      column(samples, "it", 0),
      ratio.toFixed(1),
      name.startsWith("bide") ? target(ratio, 8, "x loop") : "",
    ];
  });
  print("Several policies around a call that succeeds at once", ["", "ns", "x loop", "target"], rows);
}

function recover() {
  const names = ALL.filter((name) => name !== PLAIN);
  const results = measured(names, (name) => ["recover", name]);
  const rows = names.map((name) => {
    const ratio = median(results[name].map(({ it, plain }) => it / plain));
    return [
      name,
      column(results[name], "it", 1),
      ratio.toFixed(2),
      name === "bide" ? target(ratio, 1.2, "x loop") : "",
    ];
  });
  print("Two failures, then success, no wait; 1,000 in flight", ["", "CPU us", "x loop", "target"], rows);
}

function heap() {
  const results = measured(SLEEPERS, (name) => ["heap", name, 100_000], HEAVY, Math.min(rounds, 3));
  const rows = SLEEPERS.map((name) => [
    name,
    column(results[name], "bytes", 0),
    column(results[name], "microseconds", 1),
    name === "bide" ? target(middle(results[name], "bytes"), 700, "bytes") : "",
  ]);
  print("100,000 calls asleep", ["", "heap bytes each", "CPU us to fall asleep", "target"], rows);
}

function late() {
  const names = [PLAIN, "bide"];
  const results = measured(names, (name) => ["late", name, 100_000], HEAVY, Math.min(rounds, 3));
  const rows = names.map((name) => [
    name,
    ...["earliest", "median", "p99", "latest"].map((key) => column(results[name], key, 1)),
    name === "bide" ? target(-middle(results[name], "earliest"), 1, "ms early") : "",
  ]);
  print(
    "100,000 calls due over three seconds: how late they wake",
    ["", "earliest ms", "median", "p99", "latest", "target"],
    rows,
  );
}

function flat() {
  const counts = [1000, 10_000, 100_000, 1_000_000];
  const names = [PLAIN, "bide", ...(args.quick ? [] : ["cockatiel", "p-retry"])];
  const rows = names.map((name) => {
    const perCall = counts.map((count) =>
      // A loop of `setTimeout`s, and what rests on it, needs minutes for its millionth.
      count > 100_000 && name !== "bide" && name !== PLAIN
        ? Number.NaN
        : middle(measured([name], () => ["wake", name, count], HEAVY, Math.min(rounds, 3))[name], "microseconds"),
    );
    const growth = perCall[3] / perCall[0];
    return [
      name,
      ...perCall.map((value) => value.toFixed(2)),
      name === "bide" ? target(growth, 1.5, "x from first to last") : "",
    ];
  });
  print(
    "Start, sleep 1 ms and wake, all together: CPU us each",
    ["", "1,000", "10,000", "100,000", "1,000,000", "target"],
    rows,
  );
}

function signal() {
  const results = measured(SIGNALLED, (name) => ["signal", name, 30_000], [], Math.min(rounds, 3));
  const rows = SIGNALLED.map((name) => [
    name,
    column(results[name], "microseconds", 2),
    name === "bide" ? target(middle(results[name], "microseconds"), 5, "us") : "",
  ]);
  print("30,000 calls asleep on one signal", ["", "us to start each", "target"], rows);
}

function load() {
  const folder = mkdtempSync(join(tmpdir(), "bide-load-"));
  const files = { "an empty module": join(folder, "empty.mjs") };
  writeFileSync(files["an empty module"], "export {};\n");
  const add = (name, specifier) => {
    files[name] = join(folder, `${Object.keys(files).length}.mjs`);
    writeFileSync(files[name], `export * from ${JSON.stringify(specifier)};\n`);
  };
  for (const entry of ["index", "http", "testing", "sync"]) {
    const url = new URL(`${entry}.js`, dist);
    try {
      execFileSync(node, ["--input-type=module", "--eval", `await import(${JSON.stringify(url.href)})`], {
        stdio: "pipe",
      });
      add(entry === "index" ? "bide" : `bide/${entry}`, url.href);
    } catch {
      // An entry point that is not built yet is not measured.
    }
  }
  for (const name of PEERS) add(name, import.meta.resolve(name));
  const times = args.quick ? 5 : 21;
  const results = Object.fromEntries(Object.keys(files).map((name) => [name, []]));
  for (let round = 0; round < times; round++) {
    for (const [name, file] of Object.entries(files)) results[name].push(run(loader, [pathToFileURL(file).href]));
  }
  rmSync(folder, { recursive: true });
  const emptyMs = middle(results["an empty module"], "ms");
  const rows = Object.entries(results).map(([name, samples]) => {
    const overMs = middle(samples, "ms") - emptyMs;
    return [
      name,
      column(samples, "ms", 2),
      overMs.toFixed(2),
      name.startsWith("bide") ? target(overMs, 2.5, "ms") : "",
    ];
  });
  print("Cold import from an .mjs file", ["", "ms", "ms over an empty one", "target"], rows);
}

/** The samples of each name, taken in turn. */
function measured(names, commandOf, flags = [], times = rounds) {
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < times; round++) {
    for (const name of names) results[name].push(run(child, commandOf(name), flags));
  }
  return results;
}

function run(script, command, flags = []) {
  const output = execFileSync(node, [...flags, script, ...command.map(String)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(output);
}

function middle(samples, key) {
  return median(samples.map((sample) => sample[key]));
}

function column(samples, key, digits) {
  return middle(samples, key).toFixed(digits);
}

/** The verdict on a figure that must not be above its target. */
function target(value, most, unit) {
  const isMet = value <= most;
  if (!isMet) missed++;
  return `${isMet ? "met" : "MISSED"}: ${value.toFixed(2)} of ${Number(most.toFixed(2))} ${unit}`;
}

function note(what, verdict) {
  console.log(`  ${what}: ${verdict}`);
}

function print(title, head, rows) {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const line = (row) =>
    `  ${row.map((cell, i) => (i === 0 || i === row.length - 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")}`.trimEnd();
  console.log(`\n${title}\n${line(head)}`);
  for (const row of rows) console.log(line(row));
}
