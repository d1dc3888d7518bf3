import { describe, expect, test, vi } from "vitest";
import { DeadlineError, type Failure, OptionError, ResultRejectedError } from "../index.js";
import { BlockingNotAllowedError, blockingClock, onExceptionSync, onPredicateSync, retrySync } from "../sync.js";
import { fail, forever, ok, recorder, scriptedSync, virtualBlockingClock } from "../testing.js";

/** What JavaScript, which knows no types, may hand over. */
const untyped = (value: unknown): never => value as never;
const steady = { jitter: null, schedule: [100, 200] } as const;

describe("a run that blocks", () => {
  test("its attempts know their number, their time, their end, and what failed before them", () => {
    const clock = virtualBlockingClock({ startMs: 1000 });
    const error = new Error("first");
    const seen: unknown[] = [];
    const policy = retrySync({ ...steady, deadline: "5s", clock });
    policy.run(({ number, elapsedMs, deadlineMs, previous }) => {
      seen.push([number, elapsedMs, deadlineMs, previous?.error]);
      if (number === 1) throw error;
    });
    expect(seen).toEqual([
      [1, 0, 6000, undefined],
      [2, 100, 6000, error],
    ]);
    expect(retrySync(({ deadlineMs }) => deadlineMs, { clock, deadline: Number.POSITIVE_INFINITY })).toBeUndefined();
  });

  test("tells hooks that nobody beside them listens to", () => {
    const clock = virtualBlockingClock();
    const heard: unknown[] = [];
    const options = {
      ...steady,
      clock,
      onAttempt: ({ number }: { number: number }) => void heard.push(["attempt", number]),
      onRetry: (failure: Failure, { delayMs }: { delayMs: number }) =>
        void heard.push(["retry", failure.attempt, delayMs]),
      onSuccess: (value: unknown) => void heard.push(["success", value]),
      onGiveUp: (failure: Failure | undefined) => void heard.push(["gave up", failure?.attempt]),
    };
    retrySync(options).run(scriptedSync(fail(), ok("x")));
    retrySync({ ...options, maxAttempts: 1 }).outcome(scriptedSync(fail()));
    expect(heard).toEqual([
      ["attempt", 1],
      ["retry", 1, 100],
      ["attempt", 2],
      ["success", "x"],
      ["attempt", 1],
      ["gave up", 1],
    ]);
  });

  test("tells listeners each step with its numbers", () => {
    const clock = virtualBlockingClock();
    using record = recorder({ name: "script" });
    const error = new Error("no");
    retrySync({ ...steady, name: "script", clock }).run(scriptedSync(fail(error), ok("x")));
    const failure = { kind: "error", error, attempt: 1, elapsedMs: 0 };
    expect(record.events).toEqual([
      { type: "attempt-started", name: "script", attempt: 1 },
      { type: "attempt-failed", name: "script", attempt: 1, failure, elapsedMs: 0 },
      { type: "retry-scheduled", name: "script", attempt: 1, failure, delayMs: 100, elapsedMs: 0 },
      { type: "attempt-started", name: "script", attempt: 2 },
      { type: "run-succeeded", name: "script", attempts: 2, elapsedMs: 100 },
    ]);
  });

  test("its outcome counts from its own start, with the last failure", () => {
    const clock = virtualBlockingClock({ startMs: 1000 });
    const error = new Error("no");
    const policy = retrySync({ ...steady, clock });
    expect(policy.outcome(scriptedSync(fail(), ok("x")))).toEqual({
      ok: true,
      value: "x",
      reason: "success",
      attempts: 2,
      waitsMs: [100],
      elapsedMs: 100,
    });
    expect(policy.outcome(scriptedSync(forever(fail(error))))).toEqual({
      ok: false,
      error,
      failure: { kind: "error", error, attempt: 3, elapsedMs: 300 },
      reason: "schedule-exhausted",
      attempts: 3,
      waitsMs: [100, 200],
      elapsedMs: 300,
    });
  });

  test("an option that turns out to be none when it is read ends the run before its first call", () => {
    const clock = virtualBlockingClock();
    const operation = scriptedSync(ok(1));
    const outcome = onExceptionSync([1], Error, { maxTries: () => 0, clock }).outcome(operation);
    expect(outcome).toMatchObject({ reason: "not-retryable", error: expect.any(OptionError), attempts: 0 });
    expect(operation.calls).toEqual([]);
  });

  test("an end before the first call has no cause; results that are refused come out with their count", () => {
    const clock = virtualBlockingClock({ startMs: 100 });
    const outcome = retrySync({ clock }).outcome(scriptedSync(ok(1)), { deadlineMs: 100 });
    expect(outcome).toMatchObject({ reason: "deadline", error: expect.any(DeadlineError), attempts: 0 });
    expect(outcome.ok || outcome.error).not.toHaveProperty("cause");
    const refused = retrySync({ ...steady, until: () => false, clock }).outcome(scriptedSync(forever(ok(7))));
    expect(refused).toMatchObject({ error: expect.any(ResultRejectedError), failure: { kind: "result", value: 7 } });
    expect(refused).toMatchObject({ error: { value: 7, attempts: 3 } });
  });

  test("a budget hears of successes, of the failure before them, and of failures that may be retried", () => {
    const clock = virtualBlockingClock();
    const told: unknown[] = [];
    const budget = {
      deposit: (...args: unknown[]) => void told.push(["deposit", ...args]),
      failed: ({ error }: Failure) => void told.push(["failed", error]),
      withdraw: ({ error }: Partial<Failure> = {}) => told.push(["withdraw", error]) > 0,
    };
    const policy = retrySync({ ...steady, budget, clock, on: (error) => (error === "stop" ? "stop" : error === "no") });
    policy.run(scriptedSync(ok(1)));
    policy.run(scriptedSync(fail("no"), ok(1)));
    for (const error of ["stop", "other"]) policy.outcome(scriptedSync(fail(error)));
    expect(told).toEqual([
      ["deposit", false, undefined],
      ["failed", "no"],
      ["withdraw", "no"],
      ["deposit", true, { kind: "error", error: "no", attempt: 1, elapsedMs: 0 }],
    ]);
  });

  test("a wait that would end exactly at the deadline does not begin", () => {
    const clock = virtualBlockingClock();
    const error = new Error("mine");
    const onBackoff = (): void => clock.advance("3s");
    const wrapped = onExceptionSync([2000], Error, { deadline: "5s", jitter: null, clock, onBackoff });
    const outcome = wrapped.outcome(scriptedSync(fail(error), ok(1)));
    expect(outcome).toMatchObject({ ok: false, error, reason: "deadline", waitsMs: [] });
  });

  test("each rule goes on where it was, whichever came between", () => {
    const clock = virtualBlockingClock();
    const rules = [{ on: RangeError, schedule: [5, 6], jitter: null }];
    const steps = [new RangeError(), new Error(), new RangeError(), new Error()].map((error) => fail(error));
    retrySync({ ...steady, rules, clock }).run(scriptedSync(...steps, ok(1)));
    expect(clock.waitsMs).toEqual([5, 100, 6, 200]);
  });

  test("what a hook that is waited for throws is the end, and nothing else is to blame", () => {
    const clock = virtualBlockingClock();
    using record = recorder({ name: "script" });
    const error = new Error("no token");
    const beforeRetry = (): never => {
      throw error;
    };
    const outcome = retrySync({ ...steady, name: "script", beforeRetry, clock }).outcome(scriptedSync(fail(), ok(1)));
    expect(outcome).toMatchObject({ ok: false, error, reason: "not-retryable", attempts: 1 });
    expect(record.events.at(-1)).toMatchObject({ type: "run-gave-up", reason: "not-retryable", attempts: 1 });
  });

  test("an error that was never to be retried passes, though the calls would be given up in silence", () => {
    const clock = virtualBlockingClock();
    const onGiveup = vi.fn();
    const error = new Error("other");
    const wrapped = onExceptionSync([1], RangeError, { raiseOnGiveup: false, onGiveup, clock })(
      scriptedSync(fail(error)),
    );
    expect(wrapped).toThrow(error);
    expect(onGiveup).not.toHaveBeenCalled();
  });

  test("handlers hear exactly what happened", () => {
    const clock = virtualBlockingClock();
    const seen: unknown[] = [];
    const hear = (what: string) => (details: object) => void seen.push([what, details]);
    const errors = ["1", "2", "3"].map((message) => new Error(message));
    const [first, second, third] = errors;
    const target = scriptedSync(fail(first), fail(second), ok("x"), forever(fail(third)));
    const handlers = { onSuccess: hear("success"), onBackoff: hear("backoff"), onGiveup: hear("giveup") };
    const wrapped = onExceptionSync([100, 200], Error, { jitter: null, clock, ...handlers })(target);
    wrapped("a");
    const always = { target, args: ["a"], self: undefined };
    expect(seen).toEqual([
      ["backoff", { ...always, tries: 1, elapsedMs: 0, waitedMs: 0, waitMs: 100, exception: first }],
      ["backoff", { ...always, tries: 2, elapsedMs: 100, waitedMs: 100, waitMs: 200, exception: second }],
      ["success", { ...always, tries: 3, elapsedMs: 300, waitedMs: 300, value: "x" }],
    ]);
    expect(() => wrapped("a")).toThrow(third);
    const spent = { tries: 3, elapsedMs: 300, waitedMs: 300 };
    expect(seen.at(-1)).toEqual(["giveup", { ...always, ...spent, reason: "schedule-exhausted", exception: third }]);
  });
});

describe("what answers later is refused", () => {
  const clock = virtualBlockingClock();
  const later = untyped(async () => true);
  const named = untyped(async function ask() {
    return 1;
  });

  test.each<[option: string, message: string, run: () => unknown]>([
    ["fn", "ask returned a promise", () => retrySync({ clock })(named as () => unknown)()],
    ["fn", "the operation returned a promise", () => retrySync({ clock }).run(named)],
    ["on", "`on` returned a promise", () => retrySync({ on: later, clock }).run(scriptedSync(fail()))],
    ["until", "the judge of results returned", () => retrySync({ until: later, clock }).run(scriptedSync(ok()))],
    ["beforeRetry", "`beforeRetry`", () => retrySync({ beforeRetry: later, clock }).run(scriptedSync(fail(), ok()))],
    ["giveup", "`giveup`", () => onExceptionSync([1], Error, { giveup: later, clock }).run(scriptedSync(fail()))],
    ["handler", "a handler", () => onExceptionSync([1], Error, { onBackoff: later, clock }).run(scriptedSync(fail()))],
    [
      "budget",
      "`budget`",
      () => retrySync({ budget: { deposit: () => 1, withdraw: later }, clock }).run(scriptedSync(fail())),
    ],
    ["clock", "the clock's `sleep`", () => retrySync({ clock: { ...clock, sleep: later } }).run(scriptedSync(fail()))],
  ])("as the option `%s`: %s", (option, message, run) => {
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ option }));
  });

  test("and its rejection is nobody's any more", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    expect(() => retrySync(() => Promise.reject(new Error("late")) as unknown, { clock })).toThrow(
      "returned a promise",
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("what is refused when the policy is made", () => {
  test.each<[message: string, make: () => unknown]>([
    ["expected `retrySync` to be an object of options", () => retrySync(untyped("x"))],
    ["expected `retrySync` to be an object of options", () => retrySync(() => 1, untyped(5))],
    ["onExceptionSync has no option `retries`", () => onExceptionSync([1], Error, untyped({ retries: 1 }))],
    ["expected `giveup` to be a function", () => onExceptionSync([1], Error, untyped({ giveup: 1 }))],
    ["expected `raiseOnGiveup` to be true", () => onExceptionSync([1], Error, untyped({ raiseOnGiveup: 1 }))],
    ["expected `exception` to be an error class", () => onExceptionSync([1], untyped("Error"))],
    ["onPredicateSync has no option `retries`", () => onPredicateSync([1], undefined, untyped({ retries: 1 }))],
    ["expected `predicate` to be a function", () => onPredicateSync([1], untyped(1))],
    ["expected `fn` to be a function", () => retrySync().withAttempt(untyped(4))],
    ["expected `fn` to be a function", () => retrySync()(untyped(4))],
  ])("%s", (message, make) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });

  test("attemptTimeout, by its name, and it is suggested to nobody", () => {
    expect(() => retrySync(untyped({ timeout: 1 }))).toThrow("has no option `timeout`; did you mean `deadline`?");
    expect(() => retrySync(untyped({ attemptTimeout: 1 }))).toThrow(
      expect.objectContaining({ option: "attemptTimeout" }),
    );
  });

  test("a thread that may not block, with the host's own words as the cause", () => {
    const cause = new TypeError("Atomics.wait cannot be called in this context");
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      throw cause;
    });
    expect(() => retrySync()).toThrow(BlockingNotAllowedError);
    expect(() => retrySync()).toThrow(
      expect.objectContaining({ name: "BlockingNotAllowedError", code: "BIDE_BLOCKING_NOT_ALLOWED", cause }),
    );
  });
});

test("the host's clock goes on waiting when it is woken too early", () => {
  let nowMs = 1000;
  const waits: number[] = [];
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  vi.spyOn(Atomics, "wait").mockImplementation((_cell, _index, _value, ms = 0) => {
    waits.push(ms);
    nowMs += Math.min(ms, 3);
    return "timed-out";
  });
  blockingClock.sleep(8);
  expect([waits, nowMs]).toEqual([[8, 5, 2], 1008]);
});
