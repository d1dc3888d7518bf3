import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { DeadlineError, expo, OptionError, ResultRejectedError } from "../index.js";
import { BlockingNotAllowedError, blockingClock, onExceptionSync, onPredicateSync, retrySync } from "../sync.js";
import { fail, forever, ok, recorder, scriptedSync, virtualBlockingClock, virtualClock } from "../testing.js";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What JavaScript, which knows no types, may hand over. */
const untyped = (value: unknown): never => value as never;

describe("retrySync", () => {
  test("calls again after each wait of the schedule, and returns the value itself", () => {
    const clock = virtualBlockingClock();
    const policy = retrySync({ schedule: expo(), jitter: null, clock });
    expect(policy.run(scriptedSync(fail(), fail(), ok("x")))).toBe("x");
    expect(clock.waitsMs).toEqual([1000, 2000]);
  });

  test("throws the operation's own last error, the same object, after maxAttempts calls", () => {
    const clock = virtualBlockingClock();
    const last = new Error("third");
    const operation = scriptedSync(fail(), fail(), fail(last));
    expect(() => retrySync(operation, { maxAttempts: 3, clock })).toThrow(last);
    expect(operation.calls.length).toBe(3);
  });

  test("has the defaults of retry: five calls, jittered, and no retry of what cannot heal", () => {
    const clock = virtualBlockingClock();
    const operation = scriptedSync(forever(fail()));
    expect(() => retrySync(operation, { clock, random: () => 0.5 })).toThrow();
    expect([operation.calls.length, clock.waitsMs]).toEqual([5, [250, 500, 1000, 2000]]);
    const broken = scriptedSync(fail(new TypeError("x is not a function")));
    expect(() => retrySync(broken, { clock })).toThrow(TypeError);
  });

  test("retries results that are not accepted, and gives up with ResultRejectedError", () => {
    const clock = virtualBlockingClock();
    const until = (value: number): boolean => value > 1;
    expect(retrySync({ until, clock }).run(scriptedSync(ok(0), ok(1), ok(2)))).toBe(2);
    const operation = scriptedSync(forever(ok(7)));
    expect(() => retrySync({ while: () => true, maxAttempts: 2, clock }).run(operation)).toThrow(ResultRejectedError);
  });

  test("a verdict may answer a wait, or stop", () => {
    const clock = virtualBlockingClock();
    const policy = retrySync({ on: (_, { number }) => (number === 1 ? "3s" : "stop"), clock });
    expect(() => policy.run(scriptedSync(forever(fail(new Error("stopped")))))).toThrow("stopped");
    expect(clock.waitsMs).toEqual([3000]);
  });

  test("waits what the server asked for, and does not begin a wait that cannot end before the deadline", () => {
    const clock = virtualBlockingClock();
    const policy = retrySync({ retryAfter: () => "20s", jitter: null, clock, deadline: "30s" });
    const outcome = policy.outcome(scriptedSync(forever(fail())));
    expect(outcome).toMatchObject({
      ok: false,
      reason: "hint-exceeds-deadline",
      attempts: 2,
      waitsMs: [20_000],
      retryAfterMs: 20_000,
    });
  });

  test("a deadline that is over before the first call makes none", () => {
    const clock = virtualBlockingClock({ startMs: 100 });
    const operation = scriptedSync(ok(1));
    expect(() => retrySync(operation, { clock, deadlineMs: 100 })).toThrow(DeadlineError);
    expect(operation.calls.length).toBe(0);
  });

  test("a wait that the clock makes too long ends the run, with what failed before it as the cause", () => {
    const clock = virtualBlockingClock();
    const oversleeping = { ...clock, sleep: () => clock.advance("1h") };
    const before = new Error("before");
    const outcome = retrySync({ clock: oversleeping, deadline: "5s" }).outcome(scriptedSync(fail(before)));
    expect(outcome).toMatchObject({ ok: false, reason: "deadline", attempts: 1, error: { cause: before } });
  });

  test.each(["onAttempt", "on", "retryAfter", "onRetry", "beforeRetry"] as const)(
    "after an abort in `%s` it neither waits nor calls again",
    (hook) => {
      const clock = virtualBlockingClock();
      const controller = new AbortController();
      let calls = 0;
      const abort = (): void => controller.abort("enough");
      const hooks = {
        onAttempt: abort,
        on: () => {
          abort();
          return true;
        },
        retryAfter: abort as () => undefined,
        onRetry: abort,
        beforeRetry: abort,
      };
      const options = { clock, signal: controller.signal, schedule: [5], jitter: null, [hook]: hooks[hook] };
      const outcome = retrySync(options).outcome(() => {
        calls++;
        throw new Error("no");
      });
      expect(outcome).toMatchObject({ reason: "aborted", error: "enough" });
      expect([calls, clock.waitsMs]).toEqual([hook === "onAttempt" ? 0 : 1, hook === "beforeRetry" ? [5] : []]);
    },
  );

  test("an aborted signal makes no call, and one that the operation aborts ends the run with its reason", () => {
    const clock = virtualBlockingClock();
    const controller = new AbortController();
    const operation = (): never => {
      controller.abort("enough");
      throw new Error("no");
    };
    const settled = retrySync({ clock, signal: controller.signal }).outcome(operation);
    expect(settled).toMatchObject({ ok: false, error: "enough", reason: "aborted", attempts: 1 });
    expect(retrySync({ clock }).outcome(operation, { signal: AbortSignal.abort("before") })).toMatchObject({
      error: "before",
      reason: "aborted",
      attempts: 0,
    });
  });

  test("tells hooks, listeners and the budget what happens, in order", () => {
    const clock = virtualBlockingClock();
    using record = recorder({ name: "script" });
    const heard: string[] = [];
    const hear = (what: string) => () => void heard.push(what);
    const budget = { started: hear("started"), failed: hear("failed"), deposit: hear("deposit"), withdraw: () => true };
    const hooks = {
      onAttempt: hear("onAttempt"),
      onRetry: hear("onRetry"),
      beforeRetry: hear("beforeRetry"),
      onSuccess: hear("onSuccess"),
    };
    retrySync({ name: "script", clock, budget, ...hooks }).run(scriptedSync(fail(), ok(1)));
    expect(record.types).toEqual([
      "attempt-started",
      "attempt-failed",
      "retry-scheduled",
      "attempt-started",
      "run-succeeded",
    ]);
    expect(heard.join(" ")).toBe("started onAttempt failed onRetry onAttempt beforeRetry deposit onSuccess");
  });

  test("tells hooks and listeners that it gave up, and why", () => {
    const clock = virtualBlockingClock();
    using record = recorder({ name: "script" });
    const heard: unknown[] = [];
    const error = new Error("mine");
    const policy = retrySync({
      name: "script",
      clock,
      schedule: [250],
      jitter: null,
      maxAttempts: 2,
      onGiveUp: (failure, told) => heard.push(failure?.error, told),
    });
    expect(() => policy.run(scriptedSync(forever(fail(error))))).toThrow(error);
    const failure = { kind: "error", error, attempt: 2, elapsedMs: 250 };
    const told = { type: "run-gave-up", name: "script", reason: "max-attempts", attempts: 2, failure, elapsedMs: 250 };
    expect(heard).toEqual([error, told]);
    expect(record.events.at(-1)).toEqual(told);
  });

  test("a budget that refuses ends the run; one that answers later is refused", () => {
    const clock = virtualBlockingClock();
    const budget = { deposit: () => undefined, withdraw: () => false };
    expect(retrySync({ clock, budget }).outcome(scriptedSync(fail()))).toMatchObject({ reason: "budget-exhausted" });
    const later = { ...budget, withdraw: async () => true };
    expect(() => retrySync({ clock, budget: later }).run(scriptedSync(fail()))).toThrow("`budget` returned a promise");
  });

  test("rules have their own waits and counts", () => {
    const clock = virtualBlockingClock();
    const rules = [{ on: RangeError, schedule: [5, 6] }];
    const policy = retrySync({ rules, schedule: [100], jitter: null, clock });
    policy
      .with({ rules: [{ on: RangeError, schedule: [5, 6], jitter: null }] })
      .run(scriptedSync(fail(new RangeError()), fail(), fail(new RangeError()), ok(1)));
    expect(clock.waitsMs).toEqual([5, 100, 6]);
  });

  test("wraps and decorates: name, length, own properties and `this` are kept, and the result is no promise", () => {
    const clock = virtualBlockingClock();
    const persistent = retrySync({ clock });
    class Store {
      calls = 0;
      @persistent read(key: string): string {
        if (++this.calls < 3) throw new Error("no");
        return `${key}${this.calls}`;
      }
    }
    expect(new Store().read("a")).toBe("a3");
    function parse(text: string): number {
      return Number(text);
    }
    parse.version = 2;
    const wrapped = persistent(parse);
    expectTypeOf(wrapped("1")).toEqualTypeOf<number>();
    expect([wrapped("7"), wrapped.name, wrapped.length, wrapped.version]).toEqual([7, "parse", 1, 2]);
    const numbered = persistent.withAttempt((attempt, word: string) => `${word} ${attempt.number}`);
    expectTypeOf(numbered).toEqualTypeOf<(word: string) => string>();
    expect(numbered("try")).toBe("try 1");
  });

  test("with() makes another policy", () => {
    const clock = virtualBlockingClock();
    const operation = scriptedSync(forever(fail()));
    expect(retrySync({ maxAttempts: 9, clock }).with({ maxAttempts: 2 }).outcome(operation).attempts).toBe(2);
  });
});

describe("what cannot be done without an event loop is refused", () => {
  const clock = virtualBlockingClock();

  test("a function that returns a promise: by type, and when it is called", () => {
    // biome-ignore lint/suspicious/noThenProperty: a thenable that is no promise is what this is about.
    const thenable = { then: () => undefined };
    expect(() => retrySync(() => thenable as unknown, { clock })).toThrow("returned a promise");
    // @ts-expect-error: this policy cannot wait for it
    const wrapped = retrySync({ clock })(async () => 1);
    expect(wrapped as () => unknown).toThrow("returned a promise, which blocking code cannot wait for");
    const calls = vi.fn(async () => {
      throw new Error("late");
    });
    expect(() => retrySync(calls, { clock })).toThrow(OptionError);
    expect(calls).toHaveBeenCalledTimes(1);
  });

  test.each<[what: string, run: () => unknown]>([
    ["`on`", () => retrySync({ on: untyped(async () => true), clock }).run(scriptedSync(fail()))],
    ["the judge of results", () => retrySync({ until: untyped(async () => true), clock }).run(scriptedSync(ok()))],
    ["`beforeRetry`", () => retrySync({ beforeRetry: async () => 1, clock }).run(scriptedSync(fail(), ok()))],
    [
      "`giveup`",
      () => onExceptionSync([1], Error, { giveup: untyped(async () => true), clock }).run(scriptedSync(fail())),
    ],
    ["a handler", () => onExceptionSync([1], Error, { onBackoff: async () => 1, clock }).run(scriptedSync(fail()))],
    ["the clock's `sleep`", () => retrySync({ clock: untyped(virtualClock()) }).run(scriptedSync(fail()))],
  ])("%s that answers later", (what, run) => {
    expect(run).toThrow(OptionError);
    expect(run).toThrow(`${what} returned a promise`);
  });

  test("attemptTimeout, with the reason, and unknown options", () => {
    expect(() => retrySync(untyped({ attemptTimeout: "1s" }))).toThrow("`attemptTimeout` needs a call that can be cut");
    expect(() => retrySync(untyped({ retries: 3 }))).toThrow(
      "retrySync has no option `retries`; did you mean `maxAttempts`?",
    );
    for (const make of [
      () => retrySync({ clock: untyped({}) }),
      () => onExceptionSync(expo(), Error, { clock: untyped({}) }),
      () => onPredicateSync(expo(), undefined, { clock: untyped({}) }),
    ])
      expect(make).toThrow("expected `clock` to be a clock (with nowMs and sleep)");
    for (const fn of [function* tokens() {}, async function* tokens() {}])
      expect(() => retrySync(untyped(fn))).toThrow("wrap what iterates it, or use `iterate` of `bide`");
  });

  test("a thread that may not block, before the first call", () => {
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      throw new TypeError("Atomics.wait cannot be called in this context");
    });
    expect(() => retrySync({})).toThrow(BlockingNotAllowedError);
    expect(() => onExceptionSync(expo(), Error)).toThrow("this thread may not block");
    expect(() => onPredicateSync(expo(), undefined, { clock })).not.toThrow();
  });

  test("a host without shared memory, likewise", () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(() => retrySync()).toThrow(BlockingNotAllowedError);
    vi.unstubAllGlobals();
  });
});

describe("onExceptionSync and onPredicateSync", () => {
  test("handlers are called in order, and what they throw is final", () => {
    const clock = virtualBlockingClock();
    const seen: unknown[] = [];
    const onBackoff = [({ tries = 0 }) => seen.push(tries), ({ waitMs = 0 }) => seen.push(waitMs)];
    const options = { jitter: null, clock, onBackoff };
    expect(onExceptionSync(expo(), Error, options)(scriptedSync(fail(), ok(1)))()).toBe(1);
    expect(seen).toEqual([1, 1000]);
    const broken = {
      ...options,
      onGiveup: untyped(() => {
        throw new RangeError("handler");
      }),
      maxTries: 1,
    };
    expect(() => onExceptionSync(expo(), Error, broken)(scriptedSync(fail()))()).toThrow("handler");
  });

  test("giveup and raiseOnGiveup", () => {
    const clock = virtualBlockingClock();
    const giveup = (error: unknown): boolean => (error as Error).message === "baz";
    const target = scriptedSync(fail(new Error("foo")), fail(new Error("baz")));
    const wrapped = onExceptionSync(expo(), Error, { giveup, raiseOnGiveup: false, clock })(target);
    expectTypeOf(wrapped).returns.toEqualTypeOf<undefined>();
    expect(wrapped()).toBeUndefined();
    expect(() => onExceptionSync(expo(), RangeError, { clock })(scriptedSync(fail(new Error("other"))))()).toThrow(
      "other",
    );
  });

  test("onPredicateSync returns the last result when it gives up", () => {
    const clock = virtualBlockingClock();
    const told: unknown[] = [];
    const onGiveup = ({ value, reason }: { value?: unknown; reason?: string }): unknown => told.push(value, reason);
    const wrapped = onPredicateSync([1, 2], undefined, { jitter: null, clock, onGiveup });
    expect(wrapped(scriptedSync<unknown>(ok(0), ok(""), ok(null)))()).toBeNull();
    expect([clock.waitsMs, told]).toEqual([
      [1, 2],
      [null, "schedule-exhausted"],
    ]);
    expect(wrapped(scriptedSync(ok(""), ok("x")))()).toBe("x");
    expect(() => wrapped(scriptedSync(fail(new Error("passes through"))))()).toThrow("passes through");
  });

  test("a handler that uses up the time for the wait ends the calls with the last error", () => {
    const clock = virtualBlockingClock();
    const error = new Error("mine");
    const onBackoff = (): void => clock.advance("4s");
    const wrapped = onExceptionSync([2000], Error, { deadline: "5s", jitter: null, clock, onBackoff });
    expect(() => wrapped(scriptedSync(fail(error)))()).toThrow(error);
  });
});

test("the host's clock blocks for the whole wait, never less", () => {
  const startedMs = performance.now();
  blockingClock.sleep(15);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(15);
  expect(retrySync({ schedule: [5], jitter: null }).outcome(scriptedSync(fail(), ok(1)))).toMatchObject({
    ok: true,
    attempts: 2,
  });
});
