import { createRequire } from "node:module";
import { Command } from "commander";
import { addChat } from "./commands/chat.js";
import { addEmulate } from "./commands/emulate.js";
import { addExport } from "./commands/export.js";
import { addReport } from "./commands/report.js";
import { addRun } from "./commands/run.js";
import { addStatus } from "./commands/status.js";
import { addWorker } from "./commands/worker.js";
import type { Io } from "./io.js";

const EXAMPLES = `
Examples:
  $ bide run prompts.jsonl -o results.jsonl --rpm 500 --tpm 200000
  $ bide status results.jsonl
  $ bide report results.jsonl -o report.html
  $ bide chat "Hey! Mista!"

The key is read from OPENAI_API_KEY, in the environment or in .env; any other
server that speaks OpenAI's API is named with --base-url.
"bide run --help" tells more about a command.
`;

/** The command line of bide. `exit` is told how a command ended. */
export function programFor(io: Io, exit: (code: number) => void): Command {
  const program = new Command("bide")
    .description("Calls LLM endpoints until they answer: waits for the right moment and goes again.")
    .addHelpText("after", EXAMPLES)
    .version(versionOf(), "-V, --version", "print the version")
    // Wrapped on a narrow terminal too, where a line that the terminal breaks could not be told from the next option.
    .configureHelp({ minWidthToWrap: 24 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "bide: ")),
      getOutHelpWidth: () => Math.min(80, io.stdout.columns ?? 80),
      getErrHelpWidth: () => Math.min(80, io.stderr.columns ?? 80),
    });
  for (const add of [addRun, addWorker, addStatus, addReport, addExport, addChat, addEmulate]) add(program, io, exit);
  return program;
}

function versionOf(): string {
  const manifest: { version: string } = createRequire(import.meta.url)("@bide/cli/package.json");
  return manifest.version;
}
