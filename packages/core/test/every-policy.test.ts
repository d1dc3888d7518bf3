import { describe, expect, test } from "vitest";
import {
  circuitBreaker,
  concurrencyLimit,
  expo,
  fallback,
  hedge,
  OptionError,
  onException,
  onPredicate,
  rateLimit,
  retry,
  retryBudget,
  timeout,
} from "../src/index.js";
import { onExceptionSync, onPredicateSync, retrySync } from "../src/sync.js";
import { recorder, virtualBlockingClock, virtualClock, withClock } from "../src/testing.js";

/** What a maker is called with as it comes from outside TypeScript. */
type Make = (options: never) => unknown;

const LIMITS = { requests: { per: "1m", limit: 60 } } as const;
const NAMED: readonly (readonly [string, Make])[] = [
  ["retry", retry],
  ["timeout", (options) => timeout("1s", options)],
  ["circuitBreaker", circuitBreaker],
  ["retryBudget", retryBudget],
  ["retryBudget.grpc", retryBudget.grpc],
  ["retryBudget.aws", retryBudget.aws],
  ["retryBudget.finagle", retryBudget.finagle],
  ["rateLimit", (options) => rateLimit(LIMITS, options)],
  ["concurrencyLimit", (options: object) => concurrencyLimit({ limit: 5, ...options })],
  ["hedge", hedge],
  ["fallback", (options) => fallback("other", options)],
  ["onException", (options) => onException(expo(), Error, options)],
  ["onPredicate", (options) => onPredicate(expo(), undefined, options)],
  ["retrySync", retrySync],
  ["onExceptionSync", (options) => onExceptionSync(expo(), Error, options)],
  ["onPredicateSync", (options) => onPredicateSync(expo(), undefined, options)],
];

function refused(make: Make, options: unknown): unknown {
  try {
    return make(options as never);
  } catch (error) {
    return error;
  }
}

describe.each(NAMED)("%s says when it is made that", (_, make) => {
  test.each([5, null, {}])("a name is a string, and not %j", (name) => {
    const error = refused(make, { name });
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ option: "name", message: expect.stringContaining("expected `name` to be a string") });
  });

  test.each([5, null, {}, { nowMs: () => 0 }])("a clock has nowMs and sleep, and is not %j", (clock) => {
    const error = refused(make, { clock });
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ option: "clock", message: expect.stringContaining("with nowMs and sleep") });
  });
});

describe("null is no way to leave an option out", () => {
  test.each<[option: string, make: Make]>([
    ["maxTime", retry],
    ["deadline", retry],
    ["attemptTimeout", retry],
    ["maxTime", (options) => onException(expo(), Error, options)],
    ["deadline", (options) => onException(expo(), Error, options)],
    ["maxTries", (options) => onException(expo(), Error, options)],
    ["maxAttempts", (options) => onPredicate(expo(), undefined, options)],
    ["maxQueue", (options) => rateLimit(LIMITS, options)],
    ["ageing", (options) => rateLimit(LIMITS, options)],
    ["interactiveShare", (options) => rateLimit(LIMITS, options)],
    ["arrivalJitter", (options) => rateLimit(LIMITS, options)],
    ["overload", (options: object) => concurrencyLimit({ adaptive: true, ...options })],
  ])("%s", (option, make) => {
    const error = refused(make, { [option]: null });
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ option, message: expect.stringContaining("got `null`") });
  });
});

test("an option that is undefined is one that was left out, also where others exclude it", () => {
  expect(concurrencyLimit({ limit: 5, start: undefined, overload: undefined } as never).state().limit).toBe(5);
});

describe("what tests are made of refuses what it does not know", () => {
  test.each<[call: string, make: () => unknown, message: string]>([
    ["virtualClock({ start })", () => virtualClock({ start: 5 } as never), "did you mean `startMs`?"],
    [
      'virtualClock({ startMs: "5" })',
      () => virtualClock({ startMs: "5" } as never),
      "`startMs` to be a finite number",
    ],
    ["virtualClock(5)", () => virtualClock(5 as never), "expected `virtualClock` to be an object of options"],
    [
      "virtualBlockingClock({ start })",
      () => virtualBlockingClock({ start: 1 } as never),
      "virtualBlockingClock has no",
    ],
    ["virtualBlockingClock({ startMs: NaN })", () => virtualBlockingClock({ startMs: NaN }), "to be a finite number"],
    ["recorder({ nam })", () => recorder({ nam: "x" } as never), "recorder has no option `nam`"],
    ["recorder({ name: 5 })", () => recorder({ name: 5 } as never), "expected `name` to be a string"],
    ["withClock(5)", () => withClock(5 as never), "expected `clock` to be a clock"],
    ["withClock()", () => withClock(undefined as never), "expected `clock` to be a clock"],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });
});
