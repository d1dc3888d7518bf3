import { OptionError } from "bide";
import { describe, expect, test } from "vitest";
import { checkBatchOptions } from "./checked-options.js";
import type { BatchOptions } from "./options.js";

const GOOD: BatchOptions = { input: "prompts.jsonl", output: "results.jsonl", baseUrl: "http://127.0.0.1:9/v1" };

describe("an option that cannot be is refused by its name", () => {
  test.each<[object, string]>([
    [{ maxcost: 5 }, "runBatch has no option `maxcost`; did you mean `maxCost`?"],
    [{ retryfailed: true }, "runBatch has no option `retryfailed`; did you mean `retryFailed`?"],
    [{ maxRetries: 3 }, "runBatch has no option `maxRetries`; did you mean `maxAttempts`?"],
    [{ input: undefined }, "expected `input` to be the name of a file, or an iterable of requests, got `undefined`"],
    [{ input: "" }, "expected `input` to be the name of a file, or an iterable of requests"],
    [{ input: 5 }, "expected `input` to be the name of a file, or an iterable of requests, got `5` (number)"],
    [{ output: undefined }, "expected `output` to be a text that is not empty, got `undefined`"],
    [{ output: "" }, 'expected `output` to be a text that is not empty, got `""` (string)'],
    [{ endpoints: {} }, "expected `endpoints` to be a list of endpoints, got an object (`Object`)"],
    [{ headers: "x" }, 'expected `headers` to be an object, got `"x"` (string)'],
    [{ fetch: 5 }, "expected `fetch` to be a function, got `5` (number)"],
    [{ retryFailed: "yes" }, 'expected `retryFailed` to be true or false, got `"yes"` (string)'],
    [{ limit: 0 }, "expected `limit` to be an integer >= 1, got `0` (number)"],
    [{ concurrency: 1.5 }, "expected `concurrency` to be an integer >= 1, got `1.5` (number)"],
    [{ timeBudget: "soon" }, "expected `timeBudget` to be a duration >= 0"],
    [{ maxOutage: -1 }, "expected `maxOutage` to be a duration >= 0"],
    [{ prices: { input: 1 } }, "expected `prices` to be a price list, with `date`, `currency` and `models`"],
    [{ maxCost: 0 }, "expected `maxCost` to be a number > 0, got `0` (number)"],
    [{ model: "" }, "expected `model` to be a text that is not empty"],
    [{ order: "random" }, 'expected `order` to be "input" or "completion", got `"random"` (string)'],
    [{ drain: 5 }, "expected `drain` to be an AbortSignal, got `5` (number)"],
    [{ signal: 5 }, "expected `signal` to be an AbortSignal"],
    [{ onEvent: "log" }, "expected `onEvent` to be a function"],
    [{ openDatabase: 5 }, "expected `openDatabase` to be a function"],
  ])("%j", (option, message) => {
    const check = (): void => checkBatchOptions({ ...GOOD, ...option } as BatchOptions, "runBatch");
    expect(check).toThrow(OptionError);
    expect(check).toThrow(message);
  });
});

test.each<Partial<BatchOptions>>([
  {},
  { input: [] },
  { input: new Map().values() },
  { input: (async function* () {})() },
  { concurrency: undefined, drain: AbortSignal.abort(), maxOutage: 0, timeBudget: "8h", onEvent: () => undefined },
])("%j is taken", (option) => {
  expect(() => checkBatchOptions({ ...GOOD, ...option }, "runBatch")).not.toThrow();
});
