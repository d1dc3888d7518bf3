import { exportResults, filesOf } from "@bide/batch";
import type { Command } from "commander";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { count } from "../progress/format.js";

const EXAMPLES = `
Examples:
  $ bide export results.jsonl   (also while the run goes on)
`;

/** `bide export`: writes what a run has so far. */
export function addExport(program: Command, io: Io, exit: (code: number) => void): void {
  program
    .command("export")
    .summary("write the results that a run has so far")
    .description("Write the results that a run has so far.")
    .argument("<results>", "the output that was given to the run")
    .addHelpText("after", EXAMPLES)
    .action(async (output: string) => {
      const { succeeded, failed, open } = await exportResults({ output });
      const { results, errors } = filesOf(output);
      io.stderr.write(`${count(succeeded)} succeeded: ${results}\n`);
      if (failed > 0) io.stderr.write(`${count(failed)} failed: ${errors}\n`);
      if (open > 0) io.stderr.write(`${count(open)} left: run the same command again to go on\n`);
      exit(EXIT.ok);
    });
}
