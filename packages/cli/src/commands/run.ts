import {
  BATCH_DEFAULTS,
  type BatchEvent,
  type BatchOptions,
  type BatchSummary,
  estimateBatch,
  runBatch,
} from "@bide/batch";
import { PRICE_LIST } from "@bide/llm";
import { systemClock } from "bide";
import type { Command } from "commander";
import { loadDistributed, redisOf, secretOf, withRedisOption } from "../distributed.js";
import { withEndpointOptions } from "../endpoint-options.js";
import { EXIT } from "../exit-codes.js";
import { keepAliveFetch } from "../http/undici-fetch.js";
import { hearInterrupts } from "../interrupts.js";
import type { Io } from "../io.js";
import { outputFile } from "../option-values.js";
import { estimateJson, estimateText } from "../progress/estimate.js";
import { JsonEvents } from "../progress/json-events.js";
import { PeopleEvents } from "../progress/people-events.js";
import { batchOptionsOf, distributedOptionsOf, type RunOptions, withRunOptions } from "./run-options.js";

const EXAMPLES = `
Run the same line again after anything that ended it, and it goes on where it
was. Ctrl-C once finishes what is under way, twice stops now.

Examples:
  $ bide run prompts.jsonl -o results.jsonl --rpm 500 --tpm 200000 --burst 50
  $ bide run prompts.jsonl -o results.jsonl --base-url http://127.0.0.1:8000/v1
  $ bide run films.csv -o answers.csv --prompt-column question --model gpt-4o
  $ bide run prompts.jsonl -o results.jsonl --dry-run
  $ bide run prompts.jsonl -o results.jsonl --sample 100
  $ bide run prompts.jsonl -o results.jsonl --redis redis://10.0.0.5
  $ bide run prompts.jsonl -o results.jsonl --json | jq -c 'select(.leftMs)'

Exit codes: 0 all succeeded, 1 some failed, 2 usage, 3 stopped by quota or key,
75 time budget spent, 130 interrupted. All but 0, 1 and 2 go on when run again.
`;

/** `bide run`: drives a file of requests to its end. */
export function addRun(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command("run")
    .summary("send every request of a file and write every answer")
    .description("Send every request of a file and write every answer, across crashes.")
    .argument("<file>", "OpenAI Batch lines (JSONL), or prompts (CSV, JSONL, text); gzip or not; - for stdin")
    .requiredOption(
      "-o, --output <file>",
      "where the results go; .csv for the rows of a CSV with their answers",
      outputFile,
    );
  withRedisOption(
    withRunOptions(withEndpointOptions(command)),
    "let `bide worker`s on any machines send, by this Redis",
  )
    .optionsGroup("Watching it:")
    .option("--json", "print what happens as events on stdout, one JSON object a line")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: RunOptions) => {
      exit(await run(file, options, io));
    });
}

async function run(file: string, options: RunOptions, io: Io): Promise<number> {
  if (options.redis !== undefined) return runOverWorkers(file, options, io);
  const batch = batchOptionsOf(file, options, io);
  if (options.dryRun) return estimateOf(file, batch, options, io);
  // As many connections as requests are under way: the engine bounds those.
  const http = keepAliveFetch(options.concurrency ?? BATCH_DEFAULTS.mostConcurrency);
  try {
    const told = { file, options, currency: (batch.prices ?? PRICE_LIST).currency };
    return await telling(told, io, (hooks) => runBatch({ ...batch, ...hooks, fetch: http.fetch }));
  } finally {
    await http.close();
  }
}

async function estimateOf(file: string, batch: BatchOptions, { json }: RunOptions, io: Io): Promise<number> {
  const estimate = await estimateBatch(batch);
  // It is what was asked for, so it goes where results go.
  io.stdout.write(`${json ? estimateJson(estimate) : estimateText(file, estimate)}\n`);
  return EXIT.ok;
}

async function runOverWorkers(file: string, options: RunOptions, io: Io): Promise<number> {
  const batch = distributedOptionsOf(file, options);
  if (options.dryRun) {
    const { schema: _, ...estimated } = batch;
    return estimateOf(file, { ...estimated, endpoints: [] }, options, io);
  }
  const [redis, secret] = [redisOf(options.redis, io), secretOf(io)];
  const { runDistributed } = await loadDistributed();
  const told = { file, options, currency: (batch.prices ?? PRICE_LIST).currency };
  return telling(told, io, (hooks, onWarning) => runDistributed({ ...batch, ...hooks, redis, secret, onWarning }));
}

interface Told {
  readonly file: string;
  readonly options: RunOptions;
  readonly currency: string;
}

/** Tells people or programs what a run does, and hears signals while it goes on. @returns Its exit code. */
async function telling(
  { file, options, currency }: Told,
  io: Io,
  start: (
    hooks: Required<Pick<BatchOptions, "drain" | "signal" | "onEvent">>,
    onWarning: (sentence: string) => void,
  ) => Promise<BatchSummary>,
): Promise<number> {
  const events = options.json
    ? new JsonEvents(io, systemClock, currency)
    : new PeopleEvents(io, systemClock, currency, file);
  const interrupts = hearInterrupts(() => events.interrupted(), systemClock);
  try {
    const onEvent = (event: BatchEvent): void => events.hear(event);
    const hooks = { drain: interrupts.drain, signal: interrupts.stop, onEvent };
    const summary = await start(hooks, (sentence) => events.warned(sentence));
    const code = exitCodeOf(summary);
    events.ended(summary, code);
    return code;
  } catch (error) {
    events.failed(error);
    throw error;
  } finally {
    events.stop();
    interrupts.release();
  }
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
