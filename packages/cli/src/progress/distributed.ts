import type { DistributedStatus, RunStatus, WorkerStatus } from "@bide/batch/distributed";
import { count, percent, plural, time } from "./format.js";
import { rowsText } from "./rows.js";

/** Whoever speaks every second or two and was not heard for so long may be gone. */
const SILENT_AFTER_MS = 5000;

type Lane = DistributedStatus["lanes"][number];

/** All that goes on over a Redis, for people. */
export function distributedText(status: DistributedStatus): string {
  const { runs, workers, lanes, stalled } = status;
  const perMinute = workers.reduce((sum, worker) => sum + worker.perMinute, 0);
  return [
    `${plural(runs.length, "run")}, ${plural(workers.length, "worker")}, ${count(perMinute)} requests/min`,
    ...(stalled > 0 ? [`${plural(stalled, "request")} of silent workers, to be taken over by others`] : []),
    ...runs.map((run) => `\n${rowsText(runRows(run))}`),
    ...workers.map((worker) => `\n${rowsText(workerRows(worker))}`),
    ...lanes.map((lane) => `\n${rowsText(laneRows(lane))}`),
  ].join("\n");
}

function runRows(run: RunStatus): readonly (readonly [string, string | undefined])[] {
  const { total, done, failed, waiting, active, ended, silentMs } = run;
  return [
    [`run ${run.run}`, run.input],
    ["done", `${count(done)} of ${count(total)} (${percent(total === 0 ? 0 : done / total)})`],
    ["failed", failed > 0 ? count(failed) : undefined],
    ["in Redis", `${count(waiting)} waiting, ${count(active)} with workers, ${count(ended)} to be collected`],
    ["coordinator", silentMs < SILENT_AFTER_MS ? "there" : `silent for ${time(silentMs)}: run the same command again`],
  ];
}

function workerRows(worker: WorkerStatus): readonly (readonly [string, string | undefined])[] {
  const { done, held, concurrency, perMinute, rateLimited, stop, silentMs } = worker;
  return [
    [`worker ${worker.worker}`, silentMs < SILENT_AFTER_MS ? "there" : `silent for ${time(silentMs)}`],
    ["done", `${count(done)}, holds ${count(held)} of ${count(concurrency)}`],
    ["requests", `${count(perMinute)}/min${rateLimited > 0 ? `, ${count(rateLimited)} answered with 429` : ""}`],
    ["stopped", stop?.message],
  ];
}

function laneRows({ model, currencies, queueLength, inFlight, binds }: Lane): readonly (readonly [string, string])[] {
  const buckets = Object.entries(currencies).map(([currency, { level, limit, perMs, burst }]) => {
    const rate = `${count(Math.round((limit / perMs) * 60_000))}/min`;
    return [currency, `${count(Math.floor(level))} of ${count(Math.round(burst))} to be had at once, ${rate}`] as const;
  });
  const queue = `${count(queueLength)} wait${binds === undefined ? "" : `, for ${binds}`}; ${count(inFlight)} in flight`;
  return [[`quota of ${model}`, queue], ...buckets];
}
