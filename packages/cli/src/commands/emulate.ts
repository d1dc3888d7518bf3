import { readFileSync } from "node:fs";
import { type EmulatorOptions, startEmulator } from "@bide/emulator";
import type { Command } from "commander";
import { EXIT } from "../exit-codes.js";
import { hearInterrupts } from "../interrupts.js";
import type { Io } from "../io.js";
import { oneMore, portNumber, positiveNumber, wholeNumber } from "../option-values.js";
import { count } from "../progress/format.js";
import { UsageError } from "../usage-error.js";

interface EmulateOptions {
  readonly port: number;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly burst?: number;
  readonly dialect?: string;
  readonly fault?: readonly string[];
  readonly latency?: string;
  readonly scenario?: string;
  readonly timeScale?: number;
  readonly seed?: number;
}

const EXAMPLES = `
Examples:
  $ bide emulate --port 8000 --rpm 500 --tpm 200000 --burst 50
  $ bide emulate --port 8000 --fault reset:2% --fault 500:1% --latency 300ms
`;

/** `bide emulate`: an endpoint on loopback with real limits and faults. */
export function addEmulate(program: Command, io: Io, exit: (code: number) => void): void {
  program
    .command("emulate")
    .description("Start an OpenAI-compatible endpoint on loopback with real rate limits and seeded faults.")
    .option("--port <n>", "the port; 0 for any free one", portNumber, 8000)
    .option("--rpm <n>", "requests per minute", wholeNumber)
    .option("--tpm <n>", "tokens per minute", wholeNumber)
    .option("--burst <n>", "requests that may go at once", wholeNumber)
    .option("--dialect <name>", "whose headers and errors: openai, azure, anthropic, groq, mistral, gemini, silent, …")
    .option("--fault <kind:share>", "what goes wrong, and how often; may be repeated", oneMore)
    .option("--latency <time>", "how long answers take, such as 300ms")
    .option("--scenario <file>", "a JSON file with all of the emulator's options")
    .option("--time-scale <factor>", "how many times faster than the clock", positiveNumber)
    .option("--seed <n>", "other faults, times and answers, and the same ones every time", wholeNumber)
    .addHelpText("after", EXAMPLES)
    .action(async (options: EmulateOptions) => {
      exit(await emulate(options, io));
    });
}

async function emulate(options: EmulateOptions, io: Io): Promise<number> {
  const emulator = await started(options);
  const body = `{"model":"emulated","messages":[{"role":"user","content":"Hey! Mista!"}]}`;
  io.stdout.write(`${emulator.baseUrl}\n`);
  io.stderr.write(`curl ${emulator.baseUrl}/chat/completions -H 'content-type: application/json' -d '${body}'\n`);
  io.stderr.write("Ctrl-C ends it\n");
  await new Promise<void>((resolve) => {
    const interrupts = hearInterrupts(() => {
      interrupts.release();
      resolve();
    });
  });
  const { arrivals, completed, byVerdict } = emulator.stats();
  const refused = byVerdict["rate-limited"] ?? 0;
  io.stderr.write(
    `${count(arrivals)} requests, ${count(completed)} answered whole, ${count(refused)} over the limit\n`,
  );
  await emulator.close();
  return EXIT.ok;
}

async function started(options: EmulateOptions): ReturnType<typeof startEmulator> {
  try {
    return await startEmulator(emulatorOptions(options));
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    if (error instanceof Error && "code" in error && (error.code === "EADDRINUSE" || error.code === "EACCES")) {
      throw new UsageError(`port ${options.port} is taken; choose another one with --port`, { cause: error });
    }
    throw error;
  }
}

function emulatorOptions({ scenario, fault, ...options }: EmulateOptions): EmulatorOptions {
  const given = Object.entries({ ...options, faults: fault }).filter(([, value]) => value !== undefined);
  // The emulator checks every option by itself and names the one that is wrong.
  return { ...(scenario === undefined ? {} : scenarioIn(scenario)), ...Object.fromEntries(given) };
}

function scenarioIn(file: string): EmulatorOptions {
  let scenario: unknown;
  try {
    scenario = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new UsageError(`${file}: cannot be read as JSON`, { cause });
  }
  if (typeof scenario !== "object" || scenario === null) throw new UsageError(`${file}: expected a JSON object`);
  return scenario;
}
