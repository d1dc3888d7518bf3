// Writes docs/clients.md: every client through every fault, alone and with bide, at the speed of life. `npm run docs:clients`.
import { readFileSync, writeFileSync } from "node:fs";
import { StreamInterruptedError } from "../../src/index.js";
import { ANSWER, type CellResult, type CellSettings, runCell } from "./cell.js";
import { CLIENTS, type Client } from "./clients.js";
import { FAULTS, type FaultCase } from "./faults.js";
import { lifelikeClock } from "./scaled-clock.js";

const HINT_MS = 4000;
const TIMEOUT_MS = 2000;
const TOKEN_MS = 300;
/** After so long nobody looks on. */
const CUT_MS = 10_000;
const AT_ONCE = 12;

/** A cell as it stands in the page; `undefined` for one that was cut. */
type Shown = CellResult | undefined;

interface Cell {
  readonly client: Client;
  readonly fault: FaultCase;
  readonly withBide: boolean;
}

// What a client leaves behind when it is cut is its own affair.
process.on("unhandledRejection", () => undefined);

const shown = new Map<string, Shown>();
const cells = CLIENTS.flatMap((client) =>
  FAULTS.flatMap((fault) => [false, true].map((withBide): Cell => ({ client, fault, withBide }))),
);
await inParallel(cells, async (cell) => {
  shown.set(nameOf(cell), await looked(cell));
});
writeFileSync("docs/clients.md", page());
console.log(`${cells.length} cells: docs/clients.md`);
// Those that still wait would wait for days.
process.exit(0);

async function looked({ client, fault, withBide }: Cell): Promise<Shown> {
  const settings: CellSettings = {
    clock: () => lifelikeClock,
    hintMs: HINT_MS,
    timeoutMs: TIMEOUT_MS,
    tokenMs: TOKEN_MS,
    withBide,
  };
  const signal = AbortSignal.timeout(CUT_MS);
  return runCell(client, fault, settings, signal).catch((error: unknown) => {
    if (error === signal.reason) return undefined;
    throw error;
  });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const next = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

function nameOf({ client, fault, withBide }: Cell): string {
  return `${client.name} ${fault.name} ${withBide}`;
}

function page(): string {
  return `# What clients make of faults

Every client of this page was sent through every fault twice, over real sockets against [the emulator](../packages/emulator): alone, and with bide underneath.
\`npm run docs:clients\` measures it again and writes this page; bide's columns are held by [a test](../packages/llm/test/matrix.test.ts).

- A fault hits the first attempt and spares the others, so that whoever tries again gets the answer.
- A limit's refusal (429) asks for a wait of about ${HINT_MS / 1000} s, in the form that the row names and in no other.
- Each client alone is at its defaults, with a time-out of ${TIMEOUT_MS / 1000} s where it has one for a single request (the AI SDK has one between the chunks of a stream); bide has the same, and its own defaults.
- A cell is cut after ${CUT_MS / 1000} s: *still waiting*.
- Requests are those that arrived at the server, and times are the caller's.

Versions: ${versions()}; Node ${process.versions.node.split(".")[0]}.

${CLIENTS.map(section).join("\n")}`;
}

function versions(): string {
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const names = ["openai", "@anthropic-ai/sdk", "@google/genai", "ai", "@ai-sdk/openai", "@langchain/openai"];
  return names.map((name) => `\`${name}\` ${devDependencies[name]}`).join(", ");
}

function section(client: Client): string {
  const rows = FAULTS.map((fault) => {
    const [alone, bide] = [false, true].map((withBide) => shown.get(nameOf({ client, fault, withBide })));
    return `| ${fault.name} | ${cellText(alone)} | ${cellText(bide)} |`;
  });
  return `## ${client.name}

| Fault | alone: sees | requests | time | with bide: sees | requests | time |
|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function cellText(result: Shown): string {
  if (result === undefined) return "*still waiting* | | > 10 s";
  return `${seenText(result)} | ${result.requests} | ${(result.tookMs / 1000).toFixed(1)} s`;
}

function seenText({ text, error }: CellResult): string {
  if (error === undefined) return text === ANSWER ? "the answer" : "**part of the answer, as if it were all**";
  const so = text === "" ? "" : ", after part of the answer";
  const interruption = interruptionIn(error);
  if (interruption) return `\`StreamInterruptedError\` (${interruption.reason}), with the part that came`;
  if (!(error instanceof Error)) return `an error event, as a plain object${so}`;
  const { name, status, statusCode } = error as typeof error & {
    readonly status?: number;
    readonly statusCode?: number;
  };
  const type = name === "Error" ? Object.getPrototypeOf(error).constructor.name : name;
  return [`\`${type}\``, status ?? statusCode].filter((part) => part !== undefined).join(" ") + so;
}

function interruptionIn(error: unknown): StreamInterruptedError | undefined {
  if (error instanceof StreamInterruptedError) return error;
  return error instanceof Error && error.cause !== undefined ? interruptionIn(error.cause) : undefined;
}
