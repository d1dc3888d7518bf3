import type { Duration } from "bide";
import type { Command } from "commander";
import type { Io } from "./io.js";
import { baseUrl, duration, header, isHeaderValue, wholeNumber } from "./option-values.js";
import { UsageError } from "./usage-error.js";

/** Where requests go, and within which bounds. */
export interface EndpointOptions {
  readonly baseUrl?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly burst?: number;
  readonly maxAttempts?: number;
  readonly deadline?: Duration;
  readonly attemptTimeout?: Duration;
}

/** Adds the options of {@link EndpointOptions} to a command. @param deadline Its default; none where it is left out. */
export function withEndpointOptions(command: Command, { deadline }: { readonly deadline?: Duration } = {}): Command {
  return command
    .optionsGroup("Endpoint and limits:")
    .option("--base-url <url>", "the endpoint; else OPENAI_BASE_URL, else OpenAI's own", baseUrl)
    .option("--header <name: value>", "a header of every request; may be repeated", header)
    .option("--rpm <n>", "the limit in requests per minute", wholeNumber)
    .option("--tpm <n>", "the limit in tokens per minute", wholeNumber)
    .option("--burst <n>", "how many requests may go at once", wholeNumber)
    .option("--max-attempts <n>", "HTTP requests per item, the first one included", wholeNumber, 8)
    .option("--deadline <time>", "the most time for one item, waits included, such as 10m", duration, deadline)
    .option("--attempt-timeout <time>", "the most time for one HTTP request, such as 60s", duration, "5m");
}

/** An endpoint with the key for it. */
export interface ResolvedEndpoint {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly quota: {
    readonly rpm?: number | undefined;
    readonly tpm?: number | undefined;
    readonly burst?: number | undefined;
  };
}

/** Where requests go, by options first, then by the environment. @throws UsageError where nothing says so. */
export function endpointOf(options: EndpointOptions, { env }: Io): ResolvedEndpoint {
  const apiKey = env["OPENAI_API_KEY"]?.trim() || undefined;
  // Without the value: it is a secret even where it is broken.
  if (apiKey !== undefined && !isHeaderValue(apiKey)) throw new UsageError(brokenKey("OPENAI_API_KEY"));
  const given = options.baseUrl ?? checkedUrl(env["OPENAI_BASE_URL"]?.trim() || undefined);
  if (given === undefined && apiKey === undefined) {
    const where = "in the environment or in .env";
    throw new UsageError(`no key and no endpoint: set OPENAI_API_KEY ${where}, or give --base-url`);
  }
  const { rpm, tpm, burst, header = {} } = options;
  return { baseUrl: given ?? "https://api.openai.com/v1", apiKey, headers: header, quota: { rpm, tpm, burst } };
}

/** What is wrong with a key that cannot be sent. @param variable Of the environment. */
export function brokenKey(variable: string): string {
  return `${variable} has a sign that no key can have, such as a line end: set it anew`;
}

function checkedUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return baseUrl(text);
  } catch {
    throw new UsageError("OPENAI_BASE_URL is not an address such as http://127.0.0.1:8000/v1");
  }
}
