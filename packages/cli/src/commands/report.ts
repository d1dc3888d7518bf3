import { writeFileSync } from "node:fs";
import { readReport, reportPage } from "@bide/batch/report";
import { systemClock } from "bide";
import type { Command } from "commander";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";

interface ReportOptions {
  readonly output?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
The page needs nothing beside itself: send it by mail, open it without a
network. It holds names, figures and times, and no prompt and no answer.

Examples:
  $ bide report results.jsonl -o report.html
  $ bide report results.jsonl --json | jq .advice
`;

/** `bide report`: one page about a run. */
export function addReport(program: Command, io: Io, exit: (code: number) => void): void {
  program
    .command("report")
    .summary("write a page about a run: speed, failures, cost, advice")
    .description("Write one self-contained page about a run, while it goes on or after.")
    .argument("<results>", "the output that was given to the run")
    .option("-o, --output <file>", "where the page goes (default: beside the results, ending in .html)")
    .option("--json", "print what the page says as JSON, and write no page")
    .addHelpText("after", EXAMPLES)
    .action((results: string, options: ReportOptions) => {
      report(results, options, io);
      exit(EXIT.ok);
    });
}

function report(
  results: string,
  { output = `${results.replace(/\.[^./]+$/, "")}.html`, json }: ReportOptions,
  io: Io,
): void {
  const data = readReport({ output: results, nowMs: systemClock.wallNowMs() });
  if (json) {
    io.stdout.write(`${JSON.stringify(data)}\n`);
    return;
  }
  try {
    writeFileSync(output, reportPage(data));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new UsageError(`${output}: the report cannot be written${code}`, { cause });
  }
  for (const sentence of data.advice) io.stderr.write(`${sentence}\n`);
  io.stdout.write(`${output}\n`);
}
