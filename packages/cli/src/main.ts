import { InterruptedError } from "@bide/batch";
import { BideError } from "bide";
import { CommanderError } from "commander";
import { loadDotEnv } from "./environment.js";
import { EXIT } from "./exit-codes.js";
import { keepHeapSmall } from "./heap.js";
import { type Io, processIo } from "./io.js";
import { programFor } from "./program.js";

/**
 * Runs one command line, without the program's own name, and tells the exit code. Throws nothing.
 *
 * @param io The surroundings. @default those of this process, with `.env` read into them
 */
export async function main(argv: readonly string[], io?: Io): Promise<number> {
  let code: number = EXIT.ok;
  const surroundings = io ?? processIo();
  try {
    if (io === undefined) {
      loadDotEnv();
      keepHeapSmall();
    }
    await programFor(surroundings, (ended) => {
      code = ended;
    }).parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    return told(error, surroundings);
  }
}

/** One clear sentence for what the user can put right, the whole story for what only we can. */
function told(error: unknown, { stderr }: Io): number {
  // Commander has said it already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof BideError) {
    stderr.write(`bide: ${error.message}\n`);
    return error instanceof InterruptedError ? EXIT.interrupted : EXIT.usage;
  }
  stderr.write(
    `bide: an unexpected error; please report it\n${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return EXIT.bug;
}
