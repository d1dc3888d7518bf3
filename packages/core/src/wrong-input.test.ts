import { describe, expect, test } from "vitest";
import { parseRateLimit, parseRetryAfter, retryingFetch } from "./http.js";
import {
  circuitBreaker,
  compose,
  concurrencyLimit,
  describe as describePolicy,
  expo,
  fallback,
  hedge,
  type LimiterStore,
  memoryLimiterStore,
  OptionError,
  observe,
  onException,
  onPredicate,
  polynomial,
  rateLimit,
  retry,
  retryBudget,
  timeout,
  wraps,
} from "./index.js";
import { onExceptionSync, retrySync } from "./sync.js";
import {
  breakerStoreCases,
  limiterStoreCases,
  ok,
  scripted,
  slow,
  virtualBlockingClock,
  virtualClock,
  withClock,
} from "./testing.js";

const untyped = (value: unknown): never => value as never;
const limits = { requests: { per: "1s", limit: 10 } } as const;
const noList = "to be an error class, a list of them, or a function of the error, got an array of 0";

describe("what is given by mistake is refused at once, by the name of the option", () => {
  test.each<[option: string, message: string, make: () => unknown]>([
    // Lists of no classes.
    ["on", `expected \`on\` ${noList}`, () => retry({ on: [] })],
    ["on", `expected \`on\` ${noList}`, () => retry({ rules: [{ on: [] }] })],
    ["on", `expected \`on\` ${noList}`, () => retrySync({ on: [] })],
    ["on", `expected \`on\` ${noList}`, () => fallback(1, { on: [] })],
    ["on", `expected \`on\` ${noList}`, () => circuitBreaker({ on: [] })],
    ["on", `expected \`on\` ${noList}`, () => retryingFetch({ on: [] })],
    ["overload", `expected \`overload\` ${noList}`, () => concurrencyLimit({ adaptive: true, overload: [] })],
    ["exception", `expected \`exception\` ${noList}`, () => onException([1], [])],
    ["exception", `expected \`exception\` ${noList}`, () => onExceptionSync([1], [])],
    // What is no object of options.
    ["retry", "expected `retry` to be an object of options, got `null`", () => retry(untyped(null))],
    ["retry", "to be an object of options, got an object (`Promise`)", () => retry(untyped(Promise.resolve()))],
    ["retry", "to be an object of options, got an object (`Map`)", () => retry(untyped(new Map()))],
    ["retry", "to be an object of options, got `5` (number)", () => retry().with(untyped(5))],
    ["retrySync", "expected `retrySync` to be an object of options, got `null`", () => retrySync(untyped(null))],
    ["retrySync", "to be an object of options, got an array of 1", () => retrySync().with(untyped([5]))],
    ["retryingFetch", "to be an object of options, got `null`", () => retryingFetch(untyped(null))],
    ["retryingFetch", "to be an object of options, got `5` (number)", () => retryingFetch(untyped(5))],
    ["on", "expected `on` to be an error class", () => retryingFetch({ on: untyped(null) })],
    // What is no function, no method, no policy.
    ["listener", "expected `listener` to be a function, got `5` (number)", () => observe(untyped(5))],
    ["listener", "expected `listener` to be a function, got `undefined`", () => observe(untyped(undefined))],
    ["fn", "expected `fn` to be a function, got `5` (number)", () => wraps(untyped(5))],
    ["fn", "expected `fn` to be a function, got `null`", () => wraps(() => 1)(untyped(null))],
    [
      "key",
      'expected `key` to be the name of a method, got `"a"` (string)',
      () => retry().method(untyped(null), untyped("a")),
    ],
    ["policy", "to be a policy of bide, such as `retry()`, got a function (`retry`)", () => compose(untyped(retry))],
    [
      "policy",
      "to be a policy of bide, such as `retry()`, got a function (`hedge`)",
      () => describePolicy(untyped(hedge)),
    ],
    // Limits.
    ["limits", "expected `limits` to be one limit at least, got an object", () => rateLimit({})],
    ["limits", "expected `limits` to be limits by currency, got an array of 0", () => rateLimit(untyped([]))],
    [
      "limits",
      "expected `limits` to be limits by currency, got an object (`Map`)",
      () => rateLimit(untyped(new Map())),
    ],
    [
      "requests",
      "expected `requests` to be { per, limit }, got an object (`Map`)",
      () => rateLimit({ requests: untyped(new Map()) }),
    ],
    [
      "store",
      "expected `store` to be a LimiterStore (with reserve and settle",
      () => rateLimit(limits, { store: untyped({ reserve: () => 1 }) }),
    ],
    [
      "levels",
      "expected `levels` to be levels by currency, got `5` (number)",
      () => rateLimit(limits).sync(untyped(5)),
    ],
    [
      "requests",
      "expected `requests` to be { remaining, limit }, got `3` (number)",
      () => rateLimit(limits).sync({ requests: untyped(3) }),
    ],
    [
      "requests.remaining",
      'expected `requests.remaining` to be a number, got `"3"` (string)',
      () => rateLimit(limits).sync({ requests: { remaining: untyped("3") } }),
    ],
    [
      "requests.atMs",
      "expected `requests.atMs` to be a number, got an object (`Date`)",
      () => rateLimit(limits).sync({ requests: { remaining: 1, atMs: untyped(new Date(0)) } }),
    ],
    [
      "requests.atMs",
      "expected `requests.atMs` to be a number, got `NaN` (number)",
      () => rateLimit(limits).sync({ requests: { remaining: 1, atMs: Number.NaN } }),
    ],
    [
      "adaptive",
      "expected `adaptive` to be true or false, got `0` (number)",
      () => concurrencyLimit(untyped({ limit: 1, adaptive: 0 })),
    ],
    // Numbers that JavaScript does not compare.
    [
      "capacity",
      "expected `capacity` to be a number >= 1, got `5` (bigint)",
      () => retryBudget({ capacity: untyped(5n) }),
    ],
    [
      "failureRatio",
      "expected `failureRatio` to be a number > 0 and <= 1, got `Symbol(x)` (symbol)",
      () => circuitBreaker({ failureRatio: untyped(Symbol("x")) }),
    ],
    // Others.
    [
      "logger",
      "expected `logger` to be an object with methods",
      () => onPredicate([1], undefined, { logger: untyped(false) }),
    ],
    [
      "headers",
      "expected `headers` to be the headers of a response (with get), got an object (`Object`)",
      () => parseRetryAfter(untyped({ "retry-after": "20" }), 0),
    ],
    [
      "headers",
      "expected `headers` to be the headers of a response (with get), got `null`",
      () => parseRateLimit(untyped(null)),
    ],
    [
      "clock",
      "expected `clock` to be a clock (with nowMs and wallNowMs and sleep), got `5` (number)",
      () => withClock(untyped(5)),
    ],
    [
      "clock",
      "expected `clock` to be a clock (with nowMs and sleep), got `5` (number)",
      () => slow(1, ok(), untyped(5)),
    ],
    ["setup", "expected `setup` to be a function, got `5` (number)", () => breakerStoreCases(untyped(5))],
    [
      "setup",
      "expected `setup` to be a function, got an object (`Object`)",
      () => limiterStoreCases(untyped(memoryLimiterStore())),
    ],
  ])("%s: %s", (option, message, make) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ option }));
  });

  test("a virtual clock runs promises, up to a count", async () => {
    const clock = virtualClock();
    await expect(clock.run(untyped(async () => 1))).rejects.toThrow(
      "expected `promise` to be a promise (with then), got a function",
    );
    await expect(clock.run(untyped(null))).rejects.toThrow(
      "expected `promise` to be a promise (with then), got `null`",
    );
    await expect(clock.runAll(untyped("5"))).rejects.toThrow(
      'expected `limit` to be an integer >= 0, got `"5"` (string)',
    );
  });
});

describe("the clock of a policy that blocks", () => {
  test.each<[name: string, make: (options: { clock: never }) => unknown]>([
    ["retry", retry],
    ["onException", (options) => onException([1], Error, options)],
    ["onPredicate", (options) => onPredicate([1], undefined, options)],
    ["timeout", (options) => timeout("1s", options)],
    ["fallback", (options) => fallback(1, options)],
    ["circuitBreaker", circuitBreaker],
    ["concurrencyLimit", (options) => concurrencyLimit({ limit: 1, ...options })],
    ["rateLimit", (options) => rateLimit(limits, options)],
    ["hedge", hedge],
    ["retryingFetch", retryingFetch],
    ["withClock", ({ clock }) => withClock(clock)],
  ])("is none for %s: its waits would end nowhere", (_, make) => {
    expect(() => make({ clock: untyped(virtualBlockingClock()) })).toThrow(
      /^expected `clock` to be a clock \(with .*wallNowMs/,
    );
  });

  test("is the one for `retrySync`", () => {
    expect(() => retrySync({ clock: virtualBlockingClock() })).not.toThrow();
  });
});

test("a number that a function says is no excuse for an endless wait", async () => {
  const clock = virtualClock();
  const failing = (): never => {
    throw new Error("down");
  };
  for (const schedule of [expo({ base: () => Number.NaN }), polynomial({ exponent: () => untyped("x") })]) {
    const outcome = await clock.run(retry({ schedule, jitter: null, clock }).outcome(failing));
    expect(outcome).toMatchObject({ ok: false, error: { option: "schedule" } });
  }
  expect(clock.nowMs()).toBe(1000);
});

test("the work of a block is a function", async () => {
  for (const work of [5, function* tokens() {}])
    for await (const attempt of retry.attempts()) {
      await expect(attempt.try(untyped(work))).rejects.toThrow(expect.objectContaining({ option: "operation" }));
      break;
    }
});

describe("what looks odd and is right is taken", () => {
  test("limits that a store knows, or hears of later", async () => {
    const store: LimiterStore = memoryLimiterStore();
    const limiter = rateLimit({}, { store });
    limiter.update(limits);
    await limiter.acquire();
    expect(limiter.state().currencies["requests"]?.limit).toBe(10);
    limiter.update({});
    expect(rateLimit({ requests: { per: "1s", limit: Number.POSITIVE_INFINITY } }).state().currencies).toEqual({});
  });

  test("a level that a server did not tell, or that was no number to it", () => {
    const limiter = rateLimit(limits);
    limiter.sync({ requests: { remaining: Number.NaN, limit: undefined }, others: { remaining: 1 } });
    expect(limiter.state().currencies["requests"]).toMatchObject({ level: 10, limit: 10 });
  });

  test("options that are a module, or an object of a class of one's own", async () => {
    class Settings {
      readonly maxAttempts = 1;
    }
    const modules = await import("./testing/virtual-clock.js");
    expect(() => retry(new Settings())).not.toThrow();
    expect(() => retry(untyped(modules))).toThrow("retry has no option `StalledError`");
  });

  test("headers that say `undefined` of what was not sent", () => {
    const headers = new Map([["ratelimit", "limit=10, remaining=5, reset=3"]]);
    expect(parseRateLimit(untyped(headers))).toMatchObject([{ remaining: 5, resetMs: 3000 }]);
    expect(parseRetryAfter(untyped(new Map([["retry-after", "2"]])), 0)).toBe(2000);
  });

  test("a script's own operation is made of steps alone", () => {
    expect(() => scripted(untyped(5))).toThrow(expect.objectContaining({ option: "steps" }));
  });
});
