import { readFileSync } from "node:fs";
import { type Emulator, type EmulatorOptions, parseScenario, startEmulator } from "@bide/emulator";
import { systemClock } from "bide";
import type { Command } from "commander";
import { EXIT } from "../exit-codes.js";
import { hearInterrupts } from "../interrupts.js";
import type { Io } from "../io.js";
import { oneMore, portNumber, positiveNumber, wholeNumber, wholeNumberOrZero } from "../option-values.js";
import { count } from "../progress/format.js";
import { UsageError } from "../usage-error.js";

/** The emulator's options as the command line spells them: those that may be repeated in the singular. */
interface EmulateOptions {
  readonly port: number;
  readonly host: string;
  readonly scenario?: string;
  readonly fault?: readonly string[];
  readonly key?: readonly string[];
  readonly model?: readonly string[];
  /** The rest is the emulator's own, and checked by it. */
  readonly [option: string]: unknown;
}

const EXAMPLES = `
A scenario may hold all of the emulator's options, brown-outs and changes in
mid-run too; what the command line says wins. Its format: docs/emulator.md.

Examples:
  $ bide emulate --rpm 500 --tpm 200000 --burst 50
  $ bide emulate --dialect azure --fault reset:2% --latency 300ms/20ms
  $ bide emulate --scenario outage.json --time-scale 60
`;

/** `bide emulate`: an endpoint on loopback with real limits and faults. */
export function addEmulate(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command("emulate")
    .summary("start an endpoint on loopback with limits and faults")
    .description("Start an OpenAI-compatible endpoint on loopback with real rate limits and seeded faults.")
    .option("--port <n>", "the port; 0 for any free one", portNumber, 8000)
    .option("--host <address>", "the address to listen on", "127.0.0.1");
  withLimits(command)
    .option("--dialect <name>", "whose headers and errors: openai, azure, anthropic, groq, mistral, gemini, silent, …")
    .option(
      "--cost <model>",
      "what a request is charged: openai, azure, anthropic, cerebras, … (default: the dialect's)",
    )
    .option("--fault <kind:share>", "what goes wrong, and how often; may be repeated", oneMore)
    .option("--latency <first/per token>", "how long answers take, such as 300ms/20ms, or realistic")
    .option("--key <key>", "a key that is accepted; may be repeated (default: any)", oneMore)
    .option("--model <name>", "a model that exists; may be repeated (default: any)", oneMore)
    .option("--seed <n>", "other faults, times and answers, and the same ones every time", wholeNumberOrZero)
    .option("--time-scale <factor>", "how many times faster than the clock quotas refill", positiveNumber)
    .option("--scenario <file>", "a JSON file with the emulator's options")
    .addHelpText("after", EXAMPLES)
    .action(async (options: EmulateOptions) => {
      exit(await emulate(options, io));
    });
}

function withLimits(command: Command): Command {
  return command
    .option("--rpm <n>", "requests per minute", wholeNumber)
    .option("--tpm <n>", "tokens per minute", wholeNumber)
    .option("--itpm <n>", "input tokens per minute", wholeNumber)
    .option("--otpm <n>", "output tokens per minute", wholeNumber)
    .option("--rpd <n>", "requests per day", wholeNumber)
    .option("--tpd <n>", "tokens per day", wholeNumber)
    .option("--in-flight <n>", "requests under way at once", wholeNumber)
    .option("--burst <n>", "requests that may go at once (default: those of a minute)", wholeNumber)
    .option("--token-burst <n>", "tokens that may go at once (default: those of a minute)", wholeNumber)
    .option("--algorithm <name>", "how limits are counted: token-bucket, fixed-window or sliding-window")
    .option("--quantum <time>", "enforce requests per minute in slices of this length too, such as 10s")
    .option("--money <tokens>", "tokens until each key's credit is spent", wholeNumberOrZero);
}

async function emulate(options: EmulateOptions, io: Io): Promise<number> {
  const emulatorOptions = emulatorOptionsOf(options);
  const emulator = await started(emulatorOptions, options);
  io.stdout.write(`${emulator.baseUrl}\n`);
  io.stderr.write(`try it:  ${curlLine(emulator, emulatorOptions)}\n`);
  io.stderr.write(`see it:  curl -s ${emulator.url}/__admin/stats\n`);
  io.stderr.write("Ctrl-C ends it\n");
  await new Promise<void>((resolve) => {
    const interrupts = hearInterrupts(() => {
      interrupts.release();
      resolve();
    }, systemClock);
  });
  const { arrivals, completed, byVerdict } = emulator.stats();
  const refused = byVerdict["rate-limited"] ?? 0;
  io.stderr.write(
    `${count(arrivals)} requests, ${count(completed)} answered whole, ${count(refused)} over the limit\n`,
  );
  await emulator.close();
  return EXIT.ok;
}

/** A request to try, for the dialect's own endpoint. A key is not repeated, since what is printed may be kept. */
function curlLine({ url, baseUrl }: Emulator, { dialect, keys, models }: EmulatorOptions): string {
  const model = models?.[0] ?? "emulated";
  const line = (address: string, keyHeader: string, body: unknown): string => {
    const key = keys === undefined ? "" : ` -H "${keyHeader}$API_KEY"`;
    return `curl -s ${address} -H 'content-type: application/json'${key} -d '${JSON.stringify(body)}'`;
  };
  const messages = [{ role: "user", content: "Hey! Mista!" }];
  if (dialect === "anthropic") return line(`${url}/v1/messages`, "x-api-key: ", { model, max_tokens: 100, messages });
  if (dialect === "gemini") {
    const contents = [{ parts: [{ text: "Hey! Mista!" }] }];
    return line(`${url}/v1beta/models/${encodeURIComponent(model)}:generateContent`, "x-goog-api-key: ", { contents });
  }
  return line(`${baseUrl}/chat/completions`, "authorization: Bearer ", { model, messages });
}

async function started(options: EmulatorOptions, { port, host }: EmulateOptions): Promise<Emulator> {
  try {
    return await startEmulator({ ...options, port, host });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") {
      throw new UsageError(`port ${port} is taken; choose another one with --port, or 0 for any`, { cause: error });
    }
    if (code === "EACCES")
      throw new UsageError(`port ${port} may not be used; choose one above 1023`, { cause: error });
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
      throw new UsageError(`${host} is no address of this machine`, { cause: error });
    }
    throw error;
  }
}

function emulatorOptionsOf({
  port: _,
  host: __,
  scenario,
  fault,
  key,
  model,
  ...options
}: EmulateOptions): EmulatorOptions {
  const given = Object.entries({ ...options, faults: fault, keys: key, models: model }).filter(
    ([, value]) => value !== undefined,
  );
  const before = scenario === undefined ? {} : scenarioIn(scenario);
  // The emulator checks every option by itself and names the one that is wrong.
  return { ...before, ...Object.fromEntries(given) };
}

function scenarioIn(file: string): EmulatorOptions {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const what = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a folder, not a file" : "cannot be read";
    throw new UsageError(`${file}: ${what}`, { cause });
  }
  try {
    return parseScenario(text);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UsageError(`${file}: ${cause.message}`, { cause });
  }
}
