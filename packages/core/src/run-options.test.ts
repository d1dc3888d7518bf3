import { describe, expect, test } from "vitest";
import {
  circuitBreaker,
  compose,
  concurrencyLimit,
  fallback,
  hedge,
  OptionError,
  onException,
  onPredicate,
  type Policy,
  type RunOptions,
  rateLimit,
  retry,
  timeout,
} from "./index.js";
import { onExceptionSync, onPredicateSync, retrySync } from "./sync.js";
import { virtualBlockingClock, virtualClock } from "./testing.js";

const untyped = (value: unknown): never => value as never;
const operation = (): string => "value";
const limiter = rateLimit({ requests: { per: "1s", limit: 100, burst: 100 } });

const policies: readonly (readonly [name: string, policy: Policy])[] = [
  ["retry", retry()],
  ["onException", onException([1], Error)],
  ["onPredicate", onPredicate([1], () => false) as Policy],
  ["timeout", timeout("1s")],
  ["fallback", fallback("other") as Policy],
  ["circuitBreaker", circuitBreaker()],
  ["concurrencyLimit", concurrencyLimit({ limit: 9 })],
  ["rateLimit", limiter],
  ["hedge", hedge()],
  ["compose", compose(timeout("1s"), retry())],
];

const clock = virtualBlockingClock();
const syncPolicies = [
  ["retrySync", retrySync({ clock })],
  ["onExceptionSync", onExceptionSync([1], Error, { clock })],
  ["onPredicateSync", onPredicateSync([1], () => false, { clock })],
] as const;

const time = "milliseconds";

/** What is wrong with the options of a run, wherever they are given. */
const wrong: readonly (readonly [options: unknown, option: string, message: string])[] = [
  [{ signal: 5 }, "signal", "expected `signal` to be an AbortSignal (with addEventListener), got `5` (number)"],
  [{ signal: null }, "signal", "expected `signal` to be an AbortSignal (with addEventListener), got `null`"],
  [{ deadlineMs: "60s" }, "deadlineMs", `expected \`deadlineMs\` to be ${time}, got \`"60s"\` (string)`],
  [{ deadlineMs: Number.NaN }, "deadlineMs", `expected \`deadlineMs\` to be ${time}, got \`NaN\` (number)`],
  [{ deadlineMs: new Date(0) }, "deadlineMs", `expected \`deadlineMs\` to be ${time}, got an object (\`Date\`)`],
  [{ deadline: "60s" }, "deadline", "has no option `deadline`; did you mean `deadlineMs`?"],
  [{ abortSignal: 1 }, "abortSignal", "has no option `abortSignal`; did you mean `signal`?"],
];

/** What is no object of options at all. */
const none: readonly (readonly [value: unknown, shown: string])[] = [
  [5, "`5` (number)"],
  [null, "`null`"],
  [[], "an array of 0"],
  [operation, "a function (`operation`)"],
  [AbortSignal.abort(), "an object (`AbortSignal`)"],
  [Promise.resolve(), "an object (`Promise`)"],
];

describe("the options of one run are checked by every policy", () => {
  test.each(policies)("%s: `run` rejects, `outcome` says so, and nothing is called", async (_, policy) => {
    let calls = 0;
    const counted = (): number => ++calls;
    for (const [options, option, message] of wrong) {
      const error = await policy.run(counted, untyped(options)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OptionError);
      expect(error).toMatchObject({ option, message: expect.stringContaining(message) });
      const outcome = await policy.outcome(counted, untyped(options));
      expect(outcome).toMatchObject({ ok: false, attempts: 0, reason: "not-retryable", error: { option } });
    }
    for (const [options, shown] of none) {
      const message = `expected \`run\` to be an object of options, got ${shown}`;
      await expect(policy.run(counted, untyped(options))).rejects.toThrow(message);
      expect(await policy.outcome(counted, untyped(options))).toMatchObject({ error: { message } });
    }
    expect(calls).toBe(0);
  });

  test.each(policies)("%s: `iterate` throws at once", (_, policy) => {
    const open = async function* (): AsyncGenerator<number> {};
    for (const [options, option] of [...wrong, [{ restarts: true }, "restarts"]] as const) {
      const iterate = (): unknown => policy.iterate(open, untyped(options));
      expect(iterate).toThrow(expect.objectContaining({ code: "BIDE_OPTION", option }));
    }
    expect(() => policy.iterate(open, untyped(5))).toThrow("expected `run` to be an object of options, got `5`");
  });

  test.each(policies)("%s: what is to run is a function", async (_, policy) => {
    const message = 'expected `operation` to be a function, got `"ask"` (string)';
    await expect(policy.run(untyped("ask"))).rejects.toThrow(message);
    expect(await policy.outcome(untyped("ask"))).toMatchObject({ error: { option: "operation", message } });
    expect(() => policy.iterate(untyped("ask"))).toThrow(message);
    expect(() => policy.withAttempt(untyped("ask"))).toThrow('expected `fn` to be a function, got `"ask"` (string)');
    await expect(policy.run(function* tokens() {})).rejects.toThrow("`tokens` is a generator function");
  });

  test.each(policies)("%s: what is right is taken, an attempt as well", async (_, policy) => {
    const { signal } = new AbortController();
    const right: RunOptions[] = [{}, { signal, deadlineMs: Number.POSITIVE_INFINITY }, { signal: undefined }];
    for (const options of right) expect(await policy.run(operation, options)).toBe("value");
    expect(await retry().run((attempt) => policy.run(operation, attempt))).toBe("value");
  });

  test("`retry` with an operation, and `retry.attempts`, look at the deadline before anything begins", () => {
    for (const deadlineMs of ["60s", Number.NaN, null]) {
      const options = untyped({ deadlineMs });
      for (const begin of [() => retry(operation, options), () => retry.attempts(options)])
        expect(begin).toThrow(expect.objectContaining({ code: "BIDE_OPTION", option: "deadlineMs" }));
    }
  });

  test("an attempt that was spread is refused: its signal would be lost", async () => {
    const policy = retry();
    await expect(policy.run((attempt) => policy.run(operation, { ...attempt }))).rejects.toThrow(
      "run has no option `number`; known: signal, deadlineMs",
    );
  });
});

const slots = concurrencyLimit({ limit: 9 });

describe("the options of one admission are checked", () => {
  test.each<[name: string, acquire: (options?: never) => Promise<unknown>]>([
    ["rateLimit", (options) => limiter.acquire({}, options)],
    ["concurrencyLimit", (options) => slots.acquire(options)],
  ])("%s: as those of a run are, and so is a priority, also where nobody has to wait", async (_, acquire) => {
    for (const [options, option] of wrong)
      await expect(acquire(untyped(options))).rejects.toMatchObject({ code: "BIDE_OPTION", option });
    await expect(acquire(untyped(5))).rejects.toThrow("expected `run` to be an object of options");
    await expect(acquire(untyped({ priority: Number.NaN }))).rejects.toThrow(
      "expected `priority` to be a finite number, got `NaN` (number)",
    );
    expect(slots.state().inFlight).toBe(0);
  });

  test("what is right is taken", async () => {
    (await limiter.acquire({}, { priority: -1, isAgain: true, deadlineMs: Number.POSITIVE_INFINITY })).refund();
    (await slots.acquire({ priority: -1, deadlineMs: Number.POSITIVE_INFINITY })).release();
    const run = retry().run(async (attempt) => (await slots.acquire(attempt)).release());
    expect(await run).toBeUndefined();
  });

  test.each(policies)("%s: a run has a priority, which is a number", async (_, policy) => {
    for (const [priority, shown] of [
      ["high", '`"high"` (string)'],
      [Number.NaN, "`NaN` (number)"],
      [null, "`null`"],
    ]) {
      const message = `expected \`priority\` to be a finite number, got ${shown}`;
      await expect(policy.run(operation, untyped({ priority }))).rejects.toThrow(message);
      expect(await policy.outcome(operation, untyped({ priority }))).toMatchObject({ error: { message } });
    }
    expect(await policy.run(operation, untyped({ priority: undefined }))).toBe("value");
  });

  test("a function of the policy's that says how important a call is, is not asked where nobody has to wait", async () => {
    const limit = concurrencyLimit({ limit: 1, priority: () => Number.NaN });
    expect(await limit(operation)()).toBe("value");
  });

  test("a run is nobody who comes again", async () => {
    await expect(limiter.run(operation, untyped({ isAgain: true }))).rejects.toThrow("run has no option `isAgain`");
  });
});

describe("the options of one run that blocks are checked", () => {
  test.each(syncPolicies)("%s: `run` throws, `outcome` says so", (_, policy) => {
    for (const [options, option, message] of wrong) {
      const run = (): unknown => policy.run(operation, untyped(options));
      expect(run).toThrow(OptionError);
      expect(run).toThrow(message);
      expect(policy.outcome(operation, untyped(options))).toMatchObject({ ok: false, attempts: 0, error: { option } });
    }
    for (const [options, shown] of none)
      expect(() => policy.run(operation, untyped(options))).toThrow(`to be an object of options, got ${shown}`);
    expect(() => policy.run(operation, untyped({ priority: 1 }))).toThrow("run has no option `priority`");
  });

  test.each(syncPolicies)("%s: what is to run is a function", (_, policy) => {
    const message = "expected `operation` to be a function, got `5` (number)";
    expect(() => policy.run(untyped(5))).toThrow(message);
    expect(policy.outcome(untyped(5))).toMatchObject({ ok: false, error: { message } });
    expect(() => policy.run(function* tokens() {})).toThrow("`tokens` is a generator function");
  });

  test.each(syncPolicies)("%s: what is right is taken, an attempt as well", (_, policy) => {
    const { signal } = new AbortController();
    expect(policy.run(operation, { signal, deadlineMs: 5 })).toBe("value");
    expect(retrySync({ clock }).run((attempt) => policy.run(operation, attempt))).toBe("value");
  });

  test("`retrySync` with an operation looks at the deadline", () => {
    expect(() => retrySync(operation, untyped({ deadlineMs: "60s" }))).toThrow(`expected \`deadlineMs\` to be ${time}`);
  });
});

test("a wrapped call is looked at when it is wrapped, and no more", async () => {
  const time = virtualClock();
  const wrapped = retry({ clock: time }).withAttempt(async ({ number }, ...options: unknown[]) => [number, options]);
  expect(await time.run(wrapped({ signal: 5 }))).toEqual([1, [{ signal: 5 }]]);
});
