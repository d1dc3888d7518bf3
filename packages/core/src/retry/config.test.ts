import { describe, expect, test, vi } from "vitest";
import {
  type Clock,
  constant,
  decay,
  decorrelated,
  expo,
  fibo,
  OptionError,
  onException,
  onPredicate,
  polynomial,
  type RetryOptions,
  randomJitter,
  retry,
  runtime,
} from "../index.js";
import { fail, ok, scripted, virtualClock } from "../testing.js";

/** What JavaScript, which knows no types, may hand over. */
const untyped = (options: unknown): object => options as object;
const count = "an integer >= 1";
const duration = 'a duration >= 0, such as 250 (ms), "250ms" or "1.5s"';

describe("options of retry out of range throw when the policy is made, with option, expectation and value", () => {
  test.each<[option: string, value: unknown, message: string]>([
    ["maxAttempts", 0, `expected \`maxAttempts\` to be ${count}, got \`0\` (number)`],
    ["maxAttempts", -1, `expected \`maxAttempts\` to be ${count}, got \`-1\` (number)`],
    ["maxAttempts", 2.5, `expected \`maxAttempts\` to be ${count}, got \`2.5\` (number)`],
    ["maxAttempts", "3", `expected \`maxAttempts\` to be ${count}, got \`"3"\` (string)`],
    ["maxAttempts", Number.NaN, `expected \`maxAttempts\` to be ${count}, got \`NaN\` (number)`],
    ["maxAttempts", null, `expected \`maxAttempts\` to be ${count}, got \`null\``],
    ["maxTime", -1, `expected \`maxTime\` to be ${duration}, got \`-1\` (number)`],
    ["maxTime", Number.NaN, `expected \`maxTime\` to be ${duration}, got \`NaN\` (number)`],
    ["maxTime", "-1s", `expected \`maxTime\` to be ${duration}, got \`"-1s"\` (string)`],
    ["maxTime", "1 s", `expected \`maxTime\` to be ${duration}, got \`"1 s"\` (string)`],
    ["maxTime", "60", `expected \`maxTime\` to be ${duration}, got \`"60"\` (string)`],
    ["maxTime", "1S", `expected \`maxTime\` to be ${duration}, got \`"1S"\` (string)`],
    ["maxTime", ".5s", `expected \`maxTime\` to be ${duration}, got \`".5s"\` (string)`],
    ["maxTime", "1e3ms", `expected \`maxTime\` to be ${duration}, got \`"1e3ms"\` (string)`],
    ["maxTime", "1m30s", `expected \`maxTime\` to be ${duration}, got \`"1m30s"\` (string)`],
    ["maxTime", "", `expected \`maxTime\` to be ${duration}, got \`""\` (string)`],
    ["deadline", 0, "expected `deadline` to be a duration > 0, got `0` (number)"],
    ["deadline", new Date(0), `expected \`deadline\` to be ${duration}, got an object`],
    ["attemptTimeout", "0s", 'expected `attemptTimeout` to be a duration > 0, got `"0s"` (string)'],
    ["attemptTimeout", -5, `expected \`attemptTimeout\` to be ${duration}, got \`-5\` (number)`],
    [
      "on",
      "RateLimitError",
      'expected `on` to be an error class, a list of them, or a function of the error, got `"RateL',
    ],
    ["on", [Error, 429], "expected `on` to be error classes, got `429` (number)"],
    ["jitter", 0.5, "expected `jitter` to be a function of a wait that returns a wait, or null, got `0.5` (number)"],
    ["jitter", Math.random, "for a random time on top: `randomJitter`"],
    ["until", true, "expected `until` to be a function, got `true` (boolean)"],
    ["while", "again", 'expected `while` to be a function, got `"again"` (string)'],
    ["retryAfter", "20s", 'expected `retryAfter` to be a function, got `"20s"` (string)'],
    ["random", 0.5, "expected `random` to be a function, got `0.5` (number)"],
    ["beforeRetry", {}, "expected `beforeRetry` to be a function, got an object"],
    ["onRetry", [], "expected `onRetry` to be a function, got an array of 0"],
    ["onGiveUp", 1, "expected `onGiveUp` to be a function, got `1` (number)"],
    ["budget", 10, "expected `budget` to be a retry budget (with deposit and withdraw), got `10` (number)"],
    ["budget", {}, "expected `budget` to be a retry budget (with deposit and withdraw), got an object"],
    ["clock", Date, "expected `clock` to be a clock (with nowMs and sleep), got a function (`Date`)"],
    ["clock", null, "expected `clock` to be a clock (with nowMs and sleep), got `null`"],
    ["signal", new AbortController(), "expected `signal` to be an AbortSignal (with addEventListener), got an object"],
    ["name", 7, "expected `name` to be a string, got `7` (number)"],
    ["rules", {}, "expected `rules` to be a list of rules, got an object"],
    ["rules", [null], "expected `rules` to be an object of options, got `null`"],
    ["rules", [{ maxAttempts: 0 }], `expected \`maxAttempts\` to be ${count}, got \`0\` (number)`],
    ["rules", [{ deadline: "1s" }], "a rule of retry has no option `deadline`"],
    ["schedule", [], "expected `schedule` to hold at least one wait, got none"],
    ["schedule", new Set(), "expected `schedule` to hold at least one wait, got none"],
    ["schedule", new Float64Array(), "expected `schedule` to hold at least one wait, got none"],
    ["schedule", [100, -1], "expected `schedule` to be waits in milliseconds >= 0, got `-1` (number)"],
    ["schedule", ["1s"], 'expected `schedule` to be waits in milliseconds >= 0, got `"1s"` (string)'],
    ["schedule", 500, "expected `schedule` to be an iterable of milliseconds or a function that returns an iterator"],
    ["schedule", null, "expected `schedule` to be an iterable of milliseconds or a function that returns an iterator"],
    ["schedule", [1].values(), "expected `schedule` to be iterable more than once, got an iterator"],
    ["schedule", expo()[Symbol.iterator](), "expected `schedule` to be iterable more than once, got an iterator"],
    ["schedule", expo, "expected a schedule, got the function that makes one: call it, `expo()`"],
    ["schedule", constant, "expected a schedule, got the function that makes one: call it, `constant()`"],
    ["schedule", decay, "expected a schedule, got the function that makes one: call it, `decay()`"],
    ["schedule", decorrelated, "expected a schedule, got the function that makes one: call it, `decorrelated()`"],
    ["schedule", fibo, "expected a schedule, got the function that makes one: call it, `fibo()`"],
    ["schedule", polynomial, "expected a schedule, got the function that makes one: call it, `polynomial()`"],
    ["schedule", runtime, "expected a schedule, got the function that makes one: call it, `runtime()`"],
  ])("%s: %#", (option, value, message) => {
    const make = (): unknown => retry(untyped({ [option]: value }));
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: "BIDE_OPTION", name: "OptionError" }));
  });

  test("the edges that are allowed", () => {
    for (const maxAttempts of [1, 2 ** 53 - 1, Number.POSITIVE_INFINITY, undefined]) void retry({ maxAttempts });
    for (const maxTime of [0, 0.5, Number.POSITIVE_INFINITY, "0ms", "1.5d", undefined] as const)
      void retry({ maxTime });
    for (const deadline of [1, Number.POSITIVE_INFINITY, "1ms"] as const)
      void retry({ deadline, attemptTimeout: deadline });
    void retry({ jitter: null, on: [Error], schedule: [0], rules: [], signal: new AbortController().signal });
    expect(() => retry({ jitter: randomJitter("1s") })).not.toThrow();
  });

  test("`until` and `while` exclude each other", () => {
    const make = (): unknown => retry(untyped({ until: () => true, while: () => false }));
    expect(make).toThrow("`until` and `while` exclude each other");
    expect(make).toThrow(expect.objectContaining({ option: "while" }));
  });

  test.each([null, "5", 5, [500]])("options that are no object: %j", (options) => {
    expect(() => retry(() => 1, untyped(options))).toThrow("expected `retry` to be an object of options");
  });
});

describe("a wrong name gets the right suggestion", () => {
  test.each([
    ["maxAttemps", "`maxAttempts`"],
    ["max_attempts", "`maxAttempts`"],
    ["retries", "`maxAttempts`"],
    ["maxRetries", "`maxAttempts`"],
    ["max_tries", "`maxAttempts`"],
    ["times", "`maxAttempts`"],
    ["attempts", "`maxAttempts`"],
    ["numOfAttempts", "`maxAttempts`"],
    ["limit", "`maxAttempts`"],
    ["timeout", "`attemptTimeout` or `deadline`"],
    ["timeoutMs", "`attemptTimeout` or `deadline`"],
    ["perTryTimeout", "`attemptTimeout` or `deadline`"],
    ["max_time", "`maxTime`"],
    ["maxRetryTime", "`maxTime` or `deadline`"],
    ["deadLine", "`deadline`"],
    ["abortSignal", "`signal`"],
    ["signals", "`signal`"],
    ["delay", "`schedule`"],
    ["initialDelay", "`schedule`"],
    ["minTimeout", "`schedule`"],
    ["max_value", "`schedule`"],
    ["backoff", "`schedule`"],
    ["factor", "`schedule`"],
    ["shouldRetry", "`on`"],
    ["retryIf", "`on`"],
    ["giveup", "`on`"],
    ["predicate", "`until` or `while`"],
    ["onFailedAttempt", "`onRetry`"],
    ["on_giveup", "`onGiveUp`"],
    ["onGiveup", "`onGiveUp`"],
  ])("retry: %s", (key, suggested) => {
    expect(() => retry({ [key]: 1 })).toThrow(`retry has no option \`${key}\`; did you mean ${suggested}?`);
  });

  test("a name that resembles nothing gets the list of all", () => {
    expect(() => retry(untyped({ bananas: 1 }))).toThrow(/retry has no option `bananas`; known: on, schedule, jitter/);
  });

  test.each([
    ["expo", () => expo(untyped({ maxValue: "30s" })), "`max`"],
    ["expo", () => expo(untyped({ initialDelay: "1s" })), "`factor`"],
    ["fibo", () => fibo(untyped({ max_value: "30s" })), "`max`"],
    ["decay", () => decay(untyped({ initial_value: 1 })), "`initial`"],
    ["decay", () => decay(untyped({ decayFactor: 1 })), "`decay`"],
    ["decay", () => decay(untyped({ min_value: 1 })), "`min`"],
    ["polynomial", () => polynomial(untyped({ exponant: 1 })), "`exponent`"],
    ["decorrelated", () => decorrelated(untyped({ maxDelay: 1 })), "`max`"],
    ["onException", () => onException(expo(), Error, untyped({ max_tries: 3 })), "`maxTries`"],
    ["onException", () => onException(expo(), Error, untyped({ retries: 3 })), "`maxAttempts` or `maxTries`"],
    ["onException", () => onException(expo(), Error, untyped({ raise_on_giveup: false })), "`raiseOnGiveup`"],
    ["onException", () => onException(expo(), Error, untyped({ on_backoff: () => 1 })), "`onBackoff`"],
    ["onException", () => onException(expo(), Error, untyped({ backoff_log_level: 10 })), "`backoffLogLevel`"],
    ["onPredicate", () => onPredicate(expo(), undefined, untyped({ max_time: 3 })), "`maxTime`"],
  ])("%s: %#", (owner, make, suggested) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(new RegExp(`^${owner} has no option \`\\w+\`; did you mean ${suggested}\\?$`));
  });
});

describe("schedules out of range throw when they are made", () => {
  test.each<[title: string, make: () => unknown, message: string]>([
    [
      "max below factor",
      () => expo({ factor: "2s", max: "1s" }),
      "expected `max` to be at least the `factor` of 2000 ms",
    ],
    [
      "max below the default",
      () => expo({ max: 500 }),
      "expected `max` to be at least the `factor` of 1000 ms, got `500`",
    ],
    ["fibo", () => fibo({ max: 0 }), "expected `max` to be at least the `factor` of 1000 ms, got `0` (number)"],
    ["polynomial", () => polynomial({ max: 1 }), "expected `max` to be at least the `factor` of 1000 ms"],
    ["decorrelated", () => decorrelated({ max: 1 }), "expected `max` to be at least the `base` of 1000 ms"],
    ["base", () => expo({ base: -2 }), "expected `base` to be a number >= 0, got `-2` (number)"],
    ["base a string", () => expo(untyped({ base: "2" })), 'expected `base` to be a number >= 0, got `"2"` (string)'],
    ["base NaN", () => expo({ base: Number.NaN }), "expected `base` to be a number >= 0, got `NaN` (number)"],
    ["exponent", () => polynomial({ exponent: -1 }), "expected `exponent` to be a number >= 0, got `-1` (number)"],
    ["decay", () => decay({ decay: Number.POSITIVE_INFINITY }), "expected `decay` to be a number >= 0, got `Infinity`"],
    ["initial", () => decay({ initial: -1 }), `expected \`initial\` to be ${duration}, got \`-1\` (number)`],
    ["min", () => decay({ min: -1 }), `expected \`min\` to be ${duration}, got \`-1\` (number)`],
    ["random", () => decorrelated(untyped({ random: 4 })), "expected `random` to be a function, got `4` (number)"],
    ["interval", () => constant(-1), `expected \`interval\` to be ${duration}, got \`-1\` (number)`],
    ["list of none", () => constant([]), "expected `interval` to be at least one wait, got an array of 0"],
    ["bad list", () => constant(["1s", -1]), `expected \`interval\` to be ${duration}, got \`-1\` (number)`],
    ["iterator", () => constant([1].values()), "expected `schedule` to be iterable more than once, got an iterator"],
    ["no value", () => runtime(null as never), "expected `value` to be a function of the failure, got `undefined`"],
    ["value", () => runtime(untyped({}) as never), "expected `value` to be a function of the failure, got `undefined`"],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });
});

describe("what cannot be retried is refused when it is wrapped", () => {
  const generators: readonly (readonly [string, () => unknown])[] = [
    ["a generator function", function* tokens() {}],
    ["an async generator function", async function* tokens() {}],
  ];
  test.each(generators)("%s, with the name of what can", (_, fn) => {
    const message =
      "`tokens` is a generator function: calling it cannot fail, only iterating can; " +
      "wrap what iterates it, or use `iterate` of `bide`";
    expect(() => retry({})(fn)).toThrow(message);
    expect(() => retry().withAttempt(fn)).toThrow(message);
    expect(() => retry().method({ fn }, "fn")).toThrow(message);
    expect(() => retry(fn)).toThrow(message);
  });

  test("what is no function at all", () => {
    expect(() => retry({})(untyped(4) as never)).toThrow("expected `fn` to be a function, got `4` (number)");
    expect(() => retry().method({ a: 1 }, "a")).toThrow(
      'expected `key` to be the name of a method, got `"a"` (string)',
    );
  });
});

describe("options of onException and onPredicate out of range throw when the decorator is made", () => {
  const both = [
    (options: object): unknown => onException(expo(), Error, options),
    (options: object): unknown => onPredicate(expo(), undefined, options),
  ];
  test.each<[options: object, message: string]>([
    [{ maxTries: 0 }, `expected \`maxTries\` to be ${count}, got \`0\` (number)`],
    [{ maxTries: -1 }, `expected \`maxTries\` to be ${count}, got \`-1\` (number)`],
    [{ maxTries: 2.5 }, `expected \`maxTries\` to be ${count}, got \`2.5\` (number)`],
    [{ maxTries: "3" }, `expected \`maxTries\` to be ${count}, got \`"3"\` (string)`],
    [{ maxAttempts: 0 }, `expected \`maxAttempts\` to be ${count}, got \`0\` (number)`],
    [{ maxTries: 1, maxAttempts: 1 }, "`maxTries` and `maxAttempts` are two names of one option; give one of them"],
    [{ maxTime: -1 }, `expected \`maxTime\` to be ${duration}, got \`-1\` (number)`],
    [{ deadline: 0 }, "expected `deadline` to be a duration > 0, got `0` (number)"],
    [{ jitter: 1 }, "expected `jitter` to be a function of a wait that returns a wait, or null, got `1` (number)"],
    [{ onSuccess: 1 }, "expected `onSuccess` to be a function or a list of them, got `1` (number)"],
    [{ onBackoff: [() => 1, "log"] }, 'expected `onBackoff` to be a function or a list of them, got `"log"` (string)'],
    [{ onGiveup: null }, "expected `onGiveup` to be a function or a list of them, got `null`"],
    [
      { logger: "my-logger" },
      "expected `logger` to be an object with methods such as `info` and `error`, like console",
    ],
    [{ logger: {} }, 'expected `backoffLogLevel` to be the name of a method of `logger`, got `"info"` (string)'],
    [{ logger: console, giveupLogLevel: "fatal" }, "expected `giveupLogLevel` to be the name of a method of `logger`"],
  ])("%j", (options, message) => {
    for (const make of both) {
      expect(() => make(options)).toThrow(OptionError);
      expect(() => make(options)).toThrow(message);
      const [, option] = /`(\w+)`/.exec(message) ?? [];
      expect(() => make(options)).toThrow(expect.objectContaining({ option }));
    }
  });

  test("what only onException has", () => {
    const make = (options: object) => (): unknown => onException(expo(), Error, options);
    expect(make({ giveup: true })).toThrow("expected `giveup` to be a function, got `true` (boolean)");
    expect(make({ raiseOnGiveup: 0 })).toThrow("expected `raiseOnGiveup` to be true or false, got `0` (number)");
    expect(() => onPredicate(expo(), undefined, untyped({ raiseOnGiveup: false }))).toThrow(/has no option/);
    expect(() => onPredicate(expo(), undefined, untyped({ giveup: () => true }))).toThrow(/has no option/);
  });

  test("a schedule, errors and a predicate that are none", () => {
    expect(() => onException(untyped(expo) as never, Error)).toThrow("call it, `expo()`");
    expect(() => onException(expo(), untyped("Error") as never)).toThrow("expected `exception` to be an error class");
    expect(() => onPredicate(expo(), untyped(1) as never)).toThrow(
      "expected `predicate` to be a function, got `1` (number)",
    );
    expect(() => onPredicate([], undefined)).toThrow("expected `schedule` to hold at least one wait, got none");
  });
});

describe("a policy is a value: what becomes of the caller's options afterwards changes nothing", () => {
  test("of a hook, a list of waits, a list of classes, and what `with` takes over", async () => {
    const clock = virtualClock();
    const schedule = [1, 2];
    const on = [RangeError];
    const options: {
      schedule: number[];
      on: (typeof RangeError)[];
      clock: Clock;
      maxAttempts?: number;
      onRetry?: () => void;
    } = { schedule, on, clock };
    const policy = retry({ ...options, jitter: null });
    const derived = retry(options).with({ jitter: null });
    const onRetry = vi.fn();
    Object.assign(options, { onRetry, maxAttempts: 1 });
    schedule.length = 0;
    on.length = 0;
    for (const kept of [policy, derived]) {
      const outcome = await clock.run(
        kept.outcome(scripted<unknown>(fail(new RangeError("no")), fail(new RangeError("no")), ok(1))),
      );
      expect(outcome).toMatchObject({ ok: true, waitsMs: [1, 2] });
    }
    expect(onRetry).not.toHaveBeenCalled();
  });

  test("options that are inherited count, also for what `with` makes of them", async () => {
    const clock = virtualClock();
    const options: RetryOptions = Object.create({ schedule: [5], jitter: null, clock });
    for (const policy of [retry(options), retry(options).with({ name: "derived" })])
      expect(await clock.run(policy.outcome(scripted<unknown>(fail(), ok(1))))).toMatchObject({
        ok: true,
        waitsMs: [5],
      });
  });
});
