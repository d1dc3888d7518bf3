import {
  BATCH_DEFAULTS,
  type BatchEvent,
  type BatchSummary,
  estimateBatch,
  type ImportReport,
  type Progress,
  runBatch,
} from "@bide/batch";
import { systemClock } from "bide";
import type { Command } from "commander";
import { withEndpointOptions } from "../endpoint-options.js";
import { EXIT } from "../exit-codes.js";
import { keepAliveFetch } from "../http/undici-fetch.js";
import { hearInterrupts } from "../interrupts.js";
import type { Io } from "../io.js";
import { type Display, showProgress } from "../progress/display.js";
import { estimateText } from "../progress/estimate.js";
import { count, plural } from "../progress/format.js";
import { summaryText } from "../progress/summary.js";
import { batchOptionsOf, type RunOptions, withRunOptions } from "./run-options.js";

const EXAMPLES = `
Examples:
  $ bide run prompts.jsonl -o results.jsonl --rpm 500 --tpm 200000 --burst 50
  $ bide run prompts.jsonl -o results.jsonl --base-url http://127.0.0.1:8000/v1

Run the same line again after anything that ended it, and it goes on where it was.
`;

/** `bide run`: drives a file of requests to its end. */
export function addRun(program: Command, io: Io, exit: (code: number) => void): void {
  withRunOptions(
    withEndpointOptions(
      program
        .command("run")
        .description("Send every request of a file and write every answer, across crashes.")
        .argument("<file>", "OpenAI Batch lines (JSONL), or prompts (CSV, JSONL, text); gzip or not; - for stdin")
        .requiredOption("-o, --output <file>", "where the results go; .csv for the rows of a CSV with their answers"),
    ),
  )
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: RunOptions) => {
      exit(await run(file, options, io));
    });
}

async function run(file: string, options: RunOptions, io: Io): Promise<number> {
  const batch = batchOptionsOf(file, options, io);
  if (options.dryRun) {
    io.stderr.write(`${estimateText(file, await estimateBatch(batch))}\n`);
    return EXIT.ok;
  }
  // As many connections as requests are under way: the engine bounds those.
  const http = keepAliveFetch(options.concurrency ?? BATCH_DEFAULTS.mostConcurrency);
  let display: Display | undefined;
  const say = (line: string): void => {
    if (display) display.say(line);
    else io.stderr.write(`${line}\n`);
  };
  const interrupts = hearInterrupts(() => say("stopping: finishing what is under way; Ctrl-C again stops now"));
  try {
    const onEvent = (event: BatchEvent): void => {
      if (event.type !== "run-started") return;
      io.stderr.write(startText(file, event.progress, event.changes));
      display = showProgress(event.progress, io, systemClock);
    };
    const summary = await runBatch({
      ...batch,
      fetch: http.fetch,
      drain: interrupts.drain,
      signal: interrupts.stop,
      onEvent,
    });
    display?.stop();
    io.stderr.write(`${summaryText(summary)}\n`);
    return exitCodeOf(summary);
  } finally {
    display?.stop();
    interrupts.release();
    await http.close();
  }
}

function startText(file: string, { total, before }: Progress, changes: ImportReport | undefined): string {
  const done = before > 0 ? `, ${count(before)} of them done before` : "";
  return `${file}: ${plural(total, "request")}${done}\n${changes === undefined ? "" : changedText(changes)}`;
}

/** What is different from the file of the last run; nothing when this is the first. */
function changedText({ total, added, changed, removed }: ImportReport): string {
  if (added === total) return "";
  const parts = [
    ...(added > 0 ? [`${count(added)} new`] : []),
    ...(changed > 0 ? [`${count(changed)} changed, to be run again`] : []),
    ...(removed > 0 ? [`${count(removed)} gone`] : []),
  ];
  return parts.length === 0 ? "" : `the file has changed since the last run: ${parts.join(", ")}\n`;
}

function exitCodeOf({ open, failed, stop }: BatchSummary): number {
  if (open > 0) {
    if (stop?.reason === "time-budget") return EXIT.timeBudget;
    if (stop?.reason === "interrupted" || stop === undefined) return EXIT.interrupted;
    // Of those that were asked for, none is left.
    if (stop.reason !== "limit") return EXIT.stopped;
  }
  return failed > 0 ? EXIT.someFailed : EXIT.ok;
}
