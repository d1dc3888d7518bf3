import { type JournalReader, NO_PROGRESS, type Progress, readJournal } from "@bide/batch";
import { systemClock } from "bide";
import type { Command } from "commander";
import { loadDistributed, redisOf, withRedisOption } from "../distributed.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { distributedText } from "../progress/distributed.js";
import { count, money, percent, plural, short, time } from "../progress/format.js";
import { rowsText } from "../progress/rows.js";
import { type Rates, type Standing, standingOf } from "../progress/standing.js";
import { UsageError } from "../usage-error.js";

interface StatusOptions {
  readonly redis?: string | boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ bide status results.jsonl
  $ watch -n 5 bide status results.jsonl
  $ bide status results.jsonl --json | jq .done
  $ bide status --redis redis://10.0.0.5
`;

/** `bide status`: how a run stands, from elsewhere. */
export function addStatus(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command("status")
    .summary("say how a run stands, while it goes on or after")
    .description("Say how a run stands, while it goes on or after, from its journal; or all that goes on over a Redis.")
    .argument("[results]", "the output that was given to the run")
    .option("--json", "print it as one JSON object");
  withRedisOption(command, "the runs, workers and quotas over this Redis")
    .addHelpText("after", EXAMPLES)
    .action(async (results: string | undefined, options: StatusOptions) => {
      io.stdout.write(`${await textOf(results, options, io)}\n`);
      exit(EXIT.ok);
    });
}

async function textOf(results: string | undefined, { json, redis }: StatusOptions, io: Io): Promise<string> {
  if (redis !== undefined) {
    if (results !== undefined) throw new UsageError("a file and --redis exclude each other");
    const address = redisOf(redis, io);
    const status = await (await loadDistributed()).distributedStatus(address);
    return json ? JSON.stringify(status) : distributedText(status);
  }
  if (results === undefined) throw new UsageError("name the output that was given to the run, or give --redis");
  const status = statusOf(results, systemClock.wallNowMs());
  return json ? JSON.stringify(status) : statusText(results, status);
}

/** A standing as the journal tells it. */
interface Status extends Standing {
  readonly state: "running" | "done" | "stopped" | "new";
  /** How the last run ended: `done`, why it stopped, or `killed`. */
  readonly ending?: string | undefined;
  /** Of the run that goes on; absent while that reads its input. */
  readonly pid?: number | undefined;
  /** How long ago the figures of this run were told, or it began without telling any, in milliseconds. */
  readonly toldAgoMs?: number | undefined;
}

function statusOf(results: string, nowMs: number): Status {
  const reader = readJournal(results);
  try {
    return statusIn(reader, nowMs);
  } finally {
    reader.close();
  }
}

function statusIn(reader: JournalReader, nowMs: number): Status {
  const { isRunning } = reader;
  const run = reader.runs().at(-1);
  // The one that holds the journal; none while it reads its input.
  const current = isRunning && run?.ending === undefined ? run : undefined;
  const counts = reader.counts();
  const last = reader.progress();
  // What the journal counts is newer than what the run told of itself.
  const { total, succeeded, failed } = counts;
  const isTold = last !== undefined && isRunning === (current !== undefined);
  const told = isTold ? last.progress : NO_PROGRESS;
  const limit = told.limit + told.before;
  const progress = { ...told, total, succeeded, failed, before: 0, failedBefore: 0, limit };
  const rates = ratesOf(progress, succeeded + failed - told.before);
  const standing = standingOf(progress, run?.settings.prices?.currency ?? "USD", rates);
  const state = isRunning ? "running" : run === undefined ? "new" : counts.open === 0 ? "done" : "stopped";
  return {
    state,
    ...standing,
    ...(isRunning ? {} : { inFlight: 0, waiting: counts.open, binds: undefined, leftMs: undefined }),
    ending: isRunning || run === undefined ? undefined : (run.ending ?? "killed"),
    pid: current?.pid,
    toldAgoMs: current === undefined ? undefined : Math.max(0, nowMs - (last?.atMs ?? current.startedMs)),
  };
}

/** From elsewhere, only the whole of the run is seen. @param done Of this run. */
function ratesOf({ elapsedMs, attempts, inputTokens, outputTokens }: Progress, done: number): Rates {
  const perMinute = (count: number): number => (elapsedMs > 0 ? (count / elapsedMs) * 60_000 : 0);
  return {
    requestsPerMinute: perMinute(attempts),
    tokensPerMinute: perMinute(inputTokens + outputTokens),
    donePerMinute: perMinute(done),
  };
}

function statusText(results: string, status: Status): string {
  const { total, done, succeeded, failed, inFlight, waiting, attempts, rateLimited, cost, currency, leftMs } = status;
  const isRunning = status.state === "running";
  return rowsText([
    [results, stateText(status)],
    ["done", `${count(done)} of ${count(total)} (${percent(total === 0 ? 0 : done / total)})`],
    ["succeeded", count(succeeded)],
    ["failed", count(failed)],
    ["in flight", isRunning ? count(inFlight) : undefined],
    [isRunning ? "waiting" : "left", isRunning || waiting > 0 ? count(waiting) : undefined],
    ["requests", `${count(attempts)}${rateLimited > 0 ? `, ${count(rateLimited)} answered with 429` : ""}`],
    ["tokens", `${short(status.inputTokens)} in, ${short(status.outputTokens)} out`],
    ["cost", cost === undefined || cost === 0 ? undefined : money(cost, currency)],
    ["binds", status.binds],
    ["to the end", leftMs === undefined ? undefined : time(leftMs)],
  ]);
}

function stateText({ state, ending, pid, elapsedMs, waiting, toldAgoMs = 0 }: Status): string {
  if (state === "running" && pid === undefined) return "running: reads its input";
  if (state === "running") return `running for ${time(elapsedMs + toldAgoMs)} (process ${pid})`;
  if (state === "done") return "done";
  if (state === "new") return "not begun";
  return `${ending}; run the same command again to go on with the ${plural(waiting, "request")} left`;
}
