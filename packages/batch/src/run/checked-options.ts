import { checkInteger, checkKeys, optionError, toMs } from "bide/kit";
import { isObject } from "../formats/json.js";
import { checkMaxCost } from "./money.js";
import type { BatchOptions } from "./options.js";

/** What every way of running a batch takes. */
type CommonOptions = Pick<BatchOptions, "input" | "output">;

type Check = (value: unknown, option: string) => void;

function of(expected: string, isGood: (value: unknown) => boolean): Check {
  return (value, option) => {
    if (!isGood(value)) throw optionError(option, expected, value);
  };
}

const count: Check = (value, option) => checkInteger(value as number, option, 1, false);
const duration: Check = (value, option) => void toMs(value as number, option);
const callback = of("a function", (value) => typeof value === "function");
const truth = of("true or false", (value) => typeof value === "boolean");
const text = of("a text that is not empty", (value) => typeof value === "string" && value !== "");
const object = of("an object", isObject);
const signal = of("an AbortSignal", (value) => isObject(value) && typeof value["addEventListener"] === "function");
/** Checked where it is used, before anything is touched: by the layer that sends, or by `checkKeys`. */
const elsewhere: Check = () => undefined;

const CHECKS: { readonly [option in keyof Required<BatchOptions>]: Check } = {
  input: of("the name of a file, or an iterable of requests", isInput),
  prompts: object,
  output: text,
  endpoints: of("a list of endpoints", Array.isArray),
  baseUrl: elsewhere,
  apiKey: text,
  headers: object,
  quota: elsewhere,
  dialect: elsewhere,
  fetch: callback,
  maxAttempts: elsewhere,
  deadline: elsewhere,
  attemptTimeout: elsewhere,
  concurrency: count,
  retryFailed: truth,
  timeBudget: duration,
  maxOutage: duration,
  limit: count,
  sample: count,
  prices: of(
    "a price list, with `date`, `currency` and `models`",
    (value) => isObject(value) && isObject(value["models"]),
  ),
  maxCost: (value) => checkMaxCost(value as number),
  model: text,
  validate: elsewhere,
  order: of('"input" or "completion"', (value) => value === "input" || value === "completion"),
  drain: signal,
  signal,
  clock: elsewhere,
  openDatabase: callback,
  onEvent: callback,
};

/**
 * Refuses what cannot be, an option of another name too: who means `maxCost` and writes `maxcost` must not find out by the bill.
 *
 * @param owner Whose options they are, for the message.
 * @param known Their names, where they are not those of a run on one machine.
 * @throws OptionError naming the first one.
 */
export function checkBatchOptions(
  options: CommonOptions,
  owner: string,
  known: readonly string[] = Object.keys(CHECKS),
): void {
  checkKeys(options, known, owner);
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const [option, check] of Object.entries(CHECKS)) {
    const value = given[option];
    if (value !== undefined || option === "input" || option === "output") check(value, option);
  }
}

function isInput(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  return typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
