import { MalformedAnswerError, RequestTimeoutError, StreamInterruptedError } from "@bide/llm";
import { systemClock } from "bide";
import type { Command } from "commander";
import { AttemptLog } from "../chat/attempts.js";
import { messageIn, printStream, replyIn } from "../chat/reply.js";
import { type EndpointOptions, endpointOf, type ResolvedEndpoint, withEndpointOptions } from "../endpoint-options.js";
import { EXIT } from "../exit-codes.js";
import { keepAliveFetch } from "../http/undici-fetch.js";
import { hearInterrupts } from "../interrupts.js";
import type { Io } from "../io.js";
import { wholeNumber } from "../option-values.js";
import { printable } from "../printable.js";
import { plural } from "../progress/format.js";
import { resilientFetch } from "../resilient-fetch.js";
import { UsageError } from "../usage-error.js";

interface ChatOptions extends EndpointOptions {
  readonly model: string;
  readonly system?: string;
  readonly maxTokens?: number;
  readonly json?: boolean;
  readonly stream: boolean;
}

const EXAMPLES = `
The reply goes to stdout, everything else to stderr. On a terminal the reply
appears as it is written. Elsewhere it is printed when it is whole, so that an
answer that breaks in the middle is asked for again.

Examples:
  $ bide chat "Hey! Mista!"
  $ bide chat "Say it in one word" --system "You are terse" --deadline 30s
  $ bide chat - < question.txt > reply.txt
  $ bide chat "Hey! Mista!" --json | jq .usage
  $ bide chat "Hey! Mista!" --base-url http://127.0.0.1:8000/v1
`;

/** `bide chat`: one call, made as often as it takes. */
export function addChat(program: Command, io: Io, exit: (code: number) => void): void {
  withEndpointOptions(
    program
      .command("chat")
      .summary("ask once and print the reply")
      .description("Ask once and print the reply.")
      .argument("<prompt>", "what to ask; - reads it from stdin")
      .option("--model <name>", "the model", "gpt-4o-mini")
      .option("--system <text>", "a system message before the prompt")
      .option("--max-tokens <n>", "the most tokens of the reply", wholeNumber)
      .option("--json", "print the whole ChatCompletion as JSON")
      .option("--no-stream", "print the reply when it is whole, on a terminal too"),
    { deadline: "5m" },
  )
    .addHelpText("after", EXAMPLES)
    .action(async (prompt: string, options: ChatOptions) => {
      exit(await chat(prompt, options, io));
    });
}

async function chat(prompt: string, options: ChatOptions, io: Io): Promise<number> {
  const endpoint = endpointOf(options, io);
  const content = prompt === "-" ? await io.readStdin() : prompt;
  if (content.trim() === "") throw new UsageError("the prompt is empty");
  const http = keepAliveFetch(1);
  const interrupts = hearInterrupts(() => undefined, systemClock);
  const log = new AttemptLog(io.stderr);
  const isStream = options.stream && !options.json && io.stdout.isTTY === true;
  try {
    const ask = resilientFetch(http.fetch, options, log.hear);
    const request = requestOf(endpoint, bodyOf(content, options, isStream), interrupts.drain);
    const response = await ask(`${endpoint.baseUrl.replace(/\/+$/, "")}/chat/completions`, request);
    return await print(response, options, log, io);
  } catch (error) {
    if (interrupts.drain.aborted) return EXIT.interrupted;
    return failed(error, io);
  } finally {
    io.stderr.write(`${plural(log.requests, "attempt")}\n`);
    interrupts.release();
    await http.close();
  }
}

function requestOf({ apiKey, headers }: ResolvedEndpoint, body: unknown, signal: AbortSignal): RequestInit {
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...headers,
    },
    body: JSON.stringify(body),
    signal,
  };
}

function bodyOf(content: string, { model, system, maxTokens }: ChatOptions, isStream: boolean): unknown {
  return {
    model,
    messages: [...(system === undefined ? [] : [{ role: "system", content: system }]), { role: "user", content }],
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(isStream ? { stream: true } : {}),
  };
}

async function print(response: Response, options: ChatOptions, log: AttemptLog, io: Io): Promise<number> {
  const { status, body, headers } = response;
  if (status !== 200) {
    io.stderr.write(`bide: the endpoint answered with status ${status}: ${messageIn(await response.text())}\n`);
    return log.isStopped ? EXIT.stopped : EXIT.someFailed;
  }
  if (body !== null && headers.get("content-type")?.includes("text/event-stream")) {
    await printStream(body, io.stdout);
    return EXIT.ok;
  }
  const text = await response.text();
  const reply = options.json ? text.trim() : replyIn(text);
  // Whoever reads a pipe gets the bytes as they are; a terminal gets none that it would obey.
  io.stdout.write(`${io.stdout.isTTY ? printable(reply) : reply}\n`);
  return EXIT.ok;
}

/** What no attempt could heal is told in a sentence; anything else is for `main` to tell. */
function failed(error: unknown, { stdout, stderr }: Io): number {
  if (error instanceof StreamInterruptedError) stdout.write("\n");
  else if (!(error instanceof RequestTimeoutError || error instanceof MalformedAnswerError || isNetwork(error))) {
    throw error;
  }
  stderr.write(`bide: ${sentenceOf(error)}\n`);
  return EXIT.someFailed;
}

/** What `fetch` throws where there was no answer. */
function isNetwork(error: unknown): error is TypeError {
  return error instanceof TypeError && error.message === "fetch failed";
}

/** Of a network failure, the cause says what happened. */
function sentenceOf(error: Error): string {
  if (!isNetwork(error) || !(error.cause instanceof Error)) return error.message;
  const { message, name } = error.cause;
  return `no answer: ${message || ("code" in error.cause ? String(error.cause.code) : name)}`;
}
