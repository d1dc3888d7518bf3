import { observe } from "bide";
import type { Command } from "commander";
import { type EndpointOptions, endpointOf, withEndpointOptions } from "../endpoint-options.js";
import { EXIT } from "../exit-codes.js";
import { keepAliveFetch } from "../http/undici-fetch.js";
import { hearInterrupts } from "../interrupts.js";
import type { Io } from "../io.js";
import { plural, time } from "../progress/format.js";
import { resilientFetch } from "../resilient-fetch.js";
import { UsageError } from "../usage-error.js";

interface ChatOptions extends EndpointOptions {
  readonly model: string;
  readonly system?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ bide chat "Hey! Mista!"
  $ bide chat "Say it in one word" --system "You are terse" --model gpt-4o-mini --deadline 60s
`;

/** `bide chat`: one call, made as often as it takes. */
export function addChat(program: Command, io: Io, exit: (code: number) => void): void {
  withEndpointOptions(
    program
      .command("chat")
      .description("Ask once and print the reply; attempts and waits go to stderr.")
      .argument("<prompt>", "what to ask")
      .option("--model <name>", "the model", "gpt-4o-mini")
      .option("--system <text>", "a system message")
      .option("--json", "print the whole ChatCompletion"),
  )
    .addHelpText("after", EXAMPLES)
    .action(async (prompt: string, options: ChatOptions) => {
      exit(await chat(prompt, options, io));
    });
}

async function chat(prompt: string, options: ChatOptions, io: Io): Promise<number> {
  const endpoint = endpointOf(options, io);
  const http = keepAliveFetch(1);
  const interrupts = hearInterrupts(() => undefined);
  let attempts = 0;
  const counted: typeof fetch = (input, init) => {
    attempts++;
    return http.fetch(input, init);
  };
  const stopTelling = tellWaits(io);
  try {
    const ask = resilientFetch(counted, { deadline: 60_000, ...options });
    const response = await ask(`${endpoint.baseUrl.replace(/\/+$/, "")}/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(endpoint.apiKey === undefined ? {} : { authorization: `Bearer ${endpoint.apiKey}` }),
        ...endpoint.headers,
      },
      body: JSON.stringify({ model: options.model, messages: messagesOf(prompt, options) }),
      signal: interrupts.drain,
    });
    return printAnswer(response.status, await response.text(), options, io);
  } catch (error) {
    if (interrupts.drain.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    io.stderr.write(`${plural(attempts, "attempt")}\n`);
    stopTelling();
    interrupts.release();
    await http.close();
  }
}

function messagesOf(prompt: string, { system }: ChatOptions): readonly { role: string; content: string }[] {
  return [...(system === undefined ? [] : [{ role: "system", content: system }]), { role: "user", content: prompt }];
}

/** One line per wait. */
function tellWaits({ stderr }: Io): () => void {
  return observe((event) => {
    if (event.type !== "retry-scheduled") return;
    stderr.write(`attempt ${event.attempt} failed, next in ${time(event.delayMs)}\n`);
  });
}

function printAnswer(status: number, text: string, { json }: ChatOptions, { stdout, stderr }: Io): number {
  if (status !== 200) {
    stderr.write(`the endpoint answered with status ${status}: ${messageIn(text)}\n`);
    return status === 401 || status === 403 || status === 429 ? EXIT.stopped : EXIT.someFailed;
  }
  if (json) stdout.write(`${text.trim()}\n`);
  else stdout.write(`${replyIn(text)}\n`);
  return EXIT.ok;
}

/** The reply of a ChatCompletion. */
function replyIn(text: string): string {
  const completion: { choices?: { message?: { content?: unknown } }[] } = JSON.parse(text);
  const content = completion.choices?.[0]?.message?.content;
  if (typeof content !== "string")
    throw new UsageError("the endpoint answered with something that is no chat completion");
  return content;
}

function messageIn(text: string): string {
  try {
    const body: { error?: { message?: unknown } } = JSON.parse(text);
    return String(body.error?.message ?? "no reason given");
  } catch {
    return "no reason given";
  }
}
