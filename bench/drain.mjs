// Drains N requests under a quota, with bide and with what people use instead: real packages, each in a process of its own, over
// the emulator in another. `node bench/drain.mjs` (after `npm run build`, and `npm ci --omit=optional` in this folder):
//   node bench/drain.mjs [--quick | --full] [--only "requests, learned"] [--with bide,p-queue] [--runs 5]
// Makespan from the first arrival to the last answer, by the server's log. Exit code 1 when bide misses a target.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { contenders } from "./drain/contenders.mjs";
import { figuresOf } from "./drain/figures.mjs";
import { SCENARIOS, TENANT_MS, tenantSpanFrom } from "./drain/scenarios.mjs";

const { values: args } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    only: { type: "string" },
    with: { type: "string" },
    runs: { type: "string" },
    requests: { type: "string" },
  },
});
const runs = Number(args.runs ?? (args.full ? 5 : 1));
/** Whoever has not finished by then has not finished. */
const PATIENCE_MS = args.full ? 300_000 : 40_000;
/** A second for each answer, and no more than so many at once: that takes its time. */
const PATIENCE_IN_FLIGHT_MS = args.full ? 300_000 : 90_000;
const LEAST_USED = 0.97;
const MOST_REFUSED_BESIDE = 0.02;
const file = (name) => fileURLToPath(new URL(`drain/${name}`, import.meta.url));

let missed = 0;
const startedMs = performance.now();
console.log(
  `Node ${process.version}; ${runs === 1 ? "one run each" : `median of ${runs} runs`}; ${args.full ? "everything" : "quick"}`,
);
for (const scenario of SCENARIOS) {
  if (args.only && !scenario.name.includes(args.only)) continue;
  const rows = [];
  for (const [contender, setting] of contendersOf(scenario)) {
    const figures = [];
    for (let run = 0; run < runs; run++) figures.push(await drain(scenario, contender, setting));
    rows.push({ contender, setting, figures: middle(figures) });
  }
  print(scenario, rows);
}
const minutes = (performance.now() - startedMs) / 60_000;
console.log(
  `\n${missed === 0 ? "Every target is met" : `${missed} targets are missed`}; ${minutes.toFixed(1)} minutes`,
);
process.exitCode = missed === 0 ? 0 : 1;

/** bide everywhere; peers everywhere in the full run, at both settings, and in the quick one where they are at their best. */
function contendersOf({ known, boundBy }) {
  const chosen = args.with?.split(",");
  const isPeerRow = args.full || (boundBy === "requests" && ["told", "learned", "silent", "charged"].includes(known));
  const names = Object.keys(contenders).filter((name) =>
    chosen ? chosen.includes(name) : name === "bide" || isPeerRow,
  );
  return names.flatMap((name) => {
    const hasDefault = args.full && (name !== "bide" || known === "told");
    return hasDefault
      ? [
          [name, "best"],
          [name, "default"],
        ]
      : [[name, "best"]];
  });
}

function requestsFor({ known }, contender) {
  if (args.requests) return Number(args.requests);
  if (contender !== "bide") return 600;
  if (args.full || ["learned", "silent", "other tenant"].includes(known)) return 3000;
  return ["told", "charged"].includes(known) ? 2000 : 1000;
}

async function drain(scenario, contender, setting) {
  const { emulator, tenantPerSecond, told, known, boundBy } = scenario;
  const server = fork(file("server.mjs"), [JSON.stringify({ emulator, tenantPerSecond })]);
  const [{ baseUrl }] = await once(server, "message");
  const requests = requestsFor(scenario, contender);
  const task = { contender, setting, baseUrl, requests, told, known, boundBy };
  const client = fork(file("client.mjs"), [
    JSON.stringify(task),
    String(scenario.boundBy === "latency" ? PATIENCE_IN_FLIGHT_MS : PATIENCE_MS),
  ]);
  const stopTenant = tenantPerSecond ? tenantInTheMiddle(server) : undefined;
  const ended = once(client, "disconnect").then(() => {
    throw new Error(`${contender} ended and told nothing`);
  });
  const [result] = await Promise.race([once(client, "message"), ended]);
  ended.catch(() => {});
  stopTenant?.();
  server.send("report");
  const [log] = await once(server, "message");
  server.disconnect();
  const tenantSpan = tenantPerSecond ? tenantSpanFrom(log.all[0]?.atMs ?? 0) : undefined;
  return figuresOf(log, { boundBy, tenantSpan }, requests, result);
}

function tenantInTheMiddle(server) {
  const timers = [
    setTimeout(() => server.send("tenant"), TENANT_MS.from),
    setTimeout(() => server.send("leave"), TENANT_MS.to),
  ];
  return () => timers.forEach(clearTimeout);
}

/** The run whose makespan is the middle one; of runs that did not finish, any. */
function middle(figures) {
  const sorted = [...figures].sort((a, b) => (a.ratio || Infinity) - (b.ratio || Infinity));
  return sorted[Math.floor(sorted.length / 2)];
}

function verdictOf({ known, target }, { ratio, refusedPerSuccess, used, errors }) {
  const isWhole = Object.keys(errors).length === 0 && !Number.isNaN(ratio);
  if (known === "other tenant") {
    const isMet = isWhole && used >= LEAST_USED && refusedPerSuccess <= MOST_REFUSED_BESIDE;
    return [isMet, `>= ${LEAST_USED} of what is left, <= ${MOST_REFUSED_BESIDE}`];
  }
  if (target === undefined) return [isWhole, "every request, the wait obeyed"];
  const [mostRatio, mostRefused] = target;
  return [isWhole && ratio <= mostRatio && refusedPerSuccess <= mostRefused, `<= ${mostRatio}, <= ${mostRefused}`];
}

/** How far arrivals are apart from what was sent: what `arrivalJitter` is for. The first flight has the host's start in it. */
function arrivals({ p99Ms, spreadMs }) {
  return `arrivals ${p99Ms.toFixed(0)} ms apart, ${spreadMs.toFixed(0)} ms in the first flight`;
}

function print(scenario, rows) {
  console.log(`\n${scenario.name}`);
  const head = ["", "succeeded", "429s each", "x bound", "used", "CPU s/10k", "MB", ""];
  const lines = rows.map(({ contender, setting, figures }) => {
    const requests = requestsFor(scenario, contender);
    const isOurs = contender === "bide" && setting === "best";
    const [isMet, target] = isOurs ? verdictOf(scenario, figures) : [true, ""];
    if (!isMet) missed++;
    const lost = Object.entries(figures.errors).map(([name, count]) => `${count} ${name}`);
    const delays = isOurs && figures.delays ? `; ${arrivals(figures.delays)}` : "";
    return [
      `${contender}${setting === "default" ? ", default" : ""}`,
      `${figures.succeeded}/${requests}`,
      figures.refusedPerSuccess.toFixed(4),
      Number.isNaN(figures.ratio) ? "-" : figures.ratio.toFixed(3),
      figures.used.toFixed(3),
      (figures.cpuMs / 1000).toFixed(1),
      figures.rssMb.toFixed(0),
      isOurs ? `${isMet ? "met" : "MISSED"}: ${target}${delays}` : lost.join(", "),
    ];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column].length)));
  for (const line of [head, ...lines]) {
    console.log(
      `  ${line.map((cell, column) => (column === 0 || column === 7 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  ")}`.trimEnd(),
    );
  }
}
