import { readFileSync } from "node:fs";
import type { BatchOptions, Endpoint, JsonObject, PromptFormat, PromptOptions } from "@bide/batch";
import { parsePriceList } from "@bide/llm";
import { BideError, type Duration } from "bide";
import { type Command, Option } from "commander";
import { schemaCheck } from "../answer-schema.js";
import { type EndpointOptions, endpointOf } from "../endpoint-options.js";
import type { Io } from "../io.js";
import { duration, durationOrZero, oneMore, positiveNumber, wholeNumber } from "../option-values.js";
import { UsageError } from "../usage-error.js";
import { endpointSpec } from "./endpoint-spec.js";

/** What `bide run` is told, beside where requests go. */
export interface RunOptions extends EndpointOptions {
  /** True where `--redis` was given without an address. */
  readonly redis?: string | boolean;
  readonly output: string;
  readonly endpoint?: readonly string[];
  readonly dialect?: string;
  readonly concurrency?: number;
  readonly timeBudget?: Duration;
  readonly maxOutage?: Duration;
  readonly maxCost?: number;
  readonly prices?: string;
  readonly limit?: number;
  readonly sample?: number;
  readonly dryRun?: boolean;
  readonly retryFailed?: boolean;
  readonly model?: string;
  readonly promptColumn?: string;
  readonly template?: string;
  readonly format?: PromptFormat;
  readonly validate?: string;
  readonly order?: "input" | "completion";
  readonly json?: boolean;
}

/** Adds the options of {@link RunOptions} to a command. */
export function withRunOptions(command: Command): Command {
  return command
    .option(
      "--endpoint <spec>",
      "one of several endpoints: 'URL key=ENV_NAME rpm=N tpm=N burst=N dialect=NAME'; may be repeated",
      oneMore,
    )
    .option("--dialect <name>", "how the endpoint speaks, where its address does not tell: openai, groq, azure, …")
    .option("--concurrency <n>", "the most requests at once, whatever the quota allows", wholeNumber)
    .optionsGroup("How much of it:")
    .option("--time-budget <time>", "take nothing new after this long, such as 8h; exit code 75", duration)
    .option("--max-outage <time>", "how long to wait for an endpoint that was there and is gone", durationOrZero, "10m")
    .option("--max-cost <amount>", "take nothing new that could cost more than this in all", positiveNumber)
    .option("--prices <file>", "a price list (JSON) in place of the one that ships along")
    .option("--limit <n>", "run this many of the open requests and leave the rest", wholeNumber)
    .option("--sample <n>", "run this many, spread over the file, and estimate the rest", wholeNumber)
    .option("--dry-run", "read everything, count tokens, estimate time and cost, send nothing")
    .option("--retry-failed", "run the requests again that failed before")
    .optionsGroup("What is sent and written:")
    .option("--model <name>", "send this model in place of the one that requests name")
    .option("--prompt-column <name>", "the column or field that holds the prompt: CSV, JSONL")
    .option("--template <file>", "the body of each request (JSON), with {{column}} for what a row holds")
    .addOption(
      new Option("--format <format>", "how prompts are laid out; else by the file's name").choices([
        "csv",
        "jsonl",
        "text",
      ]),
    )
    .option("--validate <schema>", "a JSON Schema that every answer must fit; others are asked for again")
    .addOption(
      new Option("--order <order>", "the order of the results").choices(["input", "completion"]).default("input"),
    );
}

/** What a batch is made of, wherever its requests are sent from. */
type CommonOptions = Pick<
  BatchOptions,
  | ("input" | "output" | "timeBudget" | "limit" | "sample" | "retryFailed" | "model" | "order" | "prompts" | "prices")
  | "maxCost"
>;

function commonOptionsOf(file: string, options: RunOptions): CommonOptions {
  const { output, timeBudget, limit, sample, retryFailed, model, order, maxCost } = options;
  if (limit !== undefined && sample !== undefined) throw new UsageError("--limit and --sample exclude each other");
  return {
    ...{ input: file, output, timeBudget, limit, sample, retryFailed, model, order, maxCost },
    prompts: promptsOf(options),
    prices:
      options.prices === undefined ? undefined : parsePriceList(textOf("--prices", options.prices), options.prices),
  };
}

/** The options of a batch that the command line asks for. @throws UsageError for a file or a mixture that cannot be. */
export function batchOptionsOf(
  file: string,
  options: RunOptions,
  io: Io,
): Omit<BatchOptions, "fetch" | "drain" | "signal" | "onEvent"> {
  const { concurrency, maxAttempts, deadline, attemptTimeout, maxOutage } = options;
  return {
    ...commonOptionsOf(file, options),
    ...{ concurrency, maxAttempts, deadline, attemptTimeout, maxOutage },
    endpoints: endpointsOf(options, io),
    validate:
      options.validate === undefined
        ? undefined
        : schemaCheck(textOf("--validate", options.validate), options.validate),
  };
}

/** What is the workers' when there are any. */
const OF_WORKERS = [
  ...(["baseUrl", "header", "rpm", "tpm", "burst", "endpoint", "dialect", "concurrency", "deadline"] as const),
];

/** The options of a batch over workers. @throws UsageError for what is theirs, and for a mixture that cannot be. */
export function distributedOptionsOf(
  file: string,
  options: RunOptions,
): CommonOptions & { readonly schema: string | undefined } {
  const named = (names: readonly (keyof RunOptions)[]): string | undefined => {
    const name = names.find((each) => options[each] !== undefined);
    return name?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  };
  const theirs = named(OF_WORKERS);
  if (theirs !== undefined)
    throw new UsageError(`with --redis, --${theirs} is the workers': give it to \`bide worker\``);
  const schema = options.validate === undefined ? undefined : textOf("--validate", options.validate);
  // What is wrong with it is said here, and not by every worker.
  if (schema !== undefined) schemaCheck(schema, options.validate ?? "");
  return { ...commonOptionsOf(file, options), schema };
}

function endpointsOf(options: RunOptions, io: Io): readonly Endpoint[] {
  const { endpoint: specs, baseUrl, rpm, tpm, burst, header: headers = {}, dialect } = options;
  if (specs === undefined) return [{ ...endpointOf(options, io), dialect }];
  if (baseUrl !== undefined) throw new UsageError("--endpoint takes the place of --base-url");
  if (rpm ?? tpm ?? burst) throw new UsageError("with --endpoint, each one states its own rpm, tpm and burst");
  return specs.map((spec) => ({ dialect, ...endpointSpec(spec, io.env), headers }));
}

/** Whether, and how, the file holds prompts in place of requests; its name decides where no option does. */
function promptsOf({ promptColumn, template, format }: RunOptions): PromptOptions | undefined {
  if (promptColumn === undefined && template === undefined && format === undefined) return undefined;
  return { column: promptColumn, format, template: template === undefined ? undefined : templateOf(template) };
}

function templateOf(file: string): JsonObject {
  const value: unknown = jsonOf("--template", file);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new UsageError(`--template ${file}: expected a JSON object, the body of a request`);
}

function jsonOf(option: string, file: string): unknown {
  try {
    return JSON.parse(textOf(option, file));
  } catch (error) {
    if (error instanceof BideError) throw error;
    throw new UsageError(`${option} ${file}: not valid JSON`, { cause: error });
  }
}

function textOf(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${option} ${file}: the file cannot be read`, { cause });
  }
}
