import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { type Attempt, compose, type RetryOptions, retry, type Schedule, timeout } from "../index.js";
import { fail, forever, hang, ok, recorder, scripted, slow, virtualClock } from "../testing.js";

const broken = (where: string) => (): never => {
  throw new RangeError(`in ${where}`);
};

describe("what the caller's own functions return", () => {
  test.each([null, undefined, 5, "then", {}, []])(
    "where nothing is asked for counts for nothing: %j",
    async (value) => {
      const clock = virtualClock();
      const policy = retry({ schedule: [1], beforeRetry: () => value, onRetry: () => value, clock });
      expect(await clock.run(policy.run(scripted(fail(), ok("x"))))).toBe("x");
    },
  );
});

describe("what the caller's own functions throw is final", () => {
  test("the run did not end by an abort where a function threw after one", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const on = (): never => {
      controller.abort("enough");
      throw new RangeError("in on");
    };
    const onGiveUp = vi.fn();
    const policy = retry({ on, onGiveUp, clock });
    const outcome = await clock.run(policy.outcome(scripted(fail()), { signal: controller.signal }));
    expect(outcome).toMatchObject({ reason: "not-retryable", error: { message: "in on" } });
    expect(onGiveUp.mock.calls[0]?.[1]).toMatchObject({ reason: "not-retryable" });
  });

  test.each<[where: string, options: RetryOptions]>([
    ["on", { on: broken("on") }],
    ["until", { until: broken("until") }],
    ["while", { while: broken("while") }],
    ["schedule", { schedule: broken("schedule") }],
    ["jitter", { jitter: broken("jitter") }],
    ["retryAfter", { retryAfter: broken("retryAfter") }],
    ["beforeRetry", { beforeRetry: broken("beforeRetry") }],
    ["budget", { budget: { deposit: () => undefined, withdraw: broken("budget") } }],
  ])("in `%s`: the run ends with it, and says that it has ended", async (where, options) => {
    const clock = virtualClock();
    using record = recorder({ name: where });
    const steps = options.until || options.while ? [ok(1)] : [fail()];
    const outcome = await clock.run(retry({ ...options, clock, name: where }).outcome(scripted<unknown>(...steps)));
    expect(outcome).toMatchObject({ ok: false, reason: "not-retryable", attempts: where === "beforeRetry" ? 2 : 1 });
    expect(outcome).toHaveProperty("error.message", `in ${where}`);
    expect(record.types.filter((type) => type === "run-gave-up").length).toBe(1);
  });

  test.each<[title: string, schedule: Schedule, message: string]>([
    ["a wait that is no number", () => ["1s"].values() as never, '`"1s"` (string)'],
    ["a negative wait", () => [-1].values() as never, "`-1` (number)"],
    ["nothing", () => [undefined].values() as never, "got `null`"],
    ["no iterator", () => [1] as never, "an array of 1"],
  ])("a schedule that gives %s", async (_, schedule, message) => {
    const clock = virtualClock();
    await expect(clock.run(retry(scripted(fail()), { schedule, clock }))).rejects.toThrow(message);
  });

  test.each([
    ["soon", '`"soon"` (string)'],
    [-1, "`-1` (number)"],
    [Number.NaN, "`NaN` (number)"],
    [null, "`null`"],
    [Promise.resolve(1), "an object (`Promise`)"],
  ])("a hint that is no duration is refused: %o", async (hint, shown) => {
    const clock = virtualClock();
    const outcome = retry({ retryAfter: () => hint as never, clock }).outcome(scripted(fail()));
    expect(await clock.run(outcome)).toMatchObject({
      attempts: 1,
      reason: "not-retryable",
      error: { message: `expected \`retryAfter\` to be a function that returns a duration or undefined, got ${shown}` },
    });
  });

  test("no hint leaves the wait to the schedule", async () => {
    const clock = virtualClock();
    const policy = retry({ retryAfter: () => undefined, schedule: [7], jitter: null, clock });
    expect(await clock.run(policy.outcome(scripted(fail(), ok())))).toMatchObject({ ok: true, waitsMs: [7] });
  });

  test("a jitter that gives no number is refused, a negative one is no wait", async () => {
    const clock = virtualClock();
    const run = (jitter: () => number): Promise<unknown> =>
      clock.run(retry({ jitter, clock }).outcome(scripted(fail(), ok())));
    expect(await run(() => Number.NaN)).toHaveProperty(
      "error.message",
      "expected `jitter` to be a function that returns milliseconds, got `NaN` (number)",
    );
    expect(await run(() => -5)).toMatchObject({ ok: true, waitsMs: [0] });
  });

  test("a verdict that is none is refused", async () => {
    const clock = virtualClock();
    const on = () => "soon" as "stop";
    await expect(clock.run(retry(scripted(fail()), { on, clock }))).rejects.toThrow(
      'expected `on` to be a function that answers true, false, "stop" or a duration, got `"soon"` (string)',
    );
  });
});

describe("the waits of a run", () => {
  test("are counted for each rule apart, in whatever order the failures come", async () => {
    const clock = virtualClock();
    const [range, type] = [new RangeError("range"), new TypeError("type")];
    const rules = [
      { on: RangeError, schedule: [1, 2, 3], jitter: null },
      { on: TypeError, schedule: [10, 20, 30], jitter: null },
    ];
    const target = scripted(fail(range), fail(type), fail(range), fail(type), fail(type), ok());
    expect(await clock.run(retry({ rules, clock }).outcome(target))).toMatchObject({ waitsMs: [1, 10, 2, 20, 30] });
  });

  test("are as many as the rule allows that a failure falls under", async () => {
    const policy = retry({
      rules: [
        { on: RangeError, maxAttempts: 2 },
        { on: TypeError, maxAttempts: 3 },
      ],
      maxAttempts: 4,
      schedule: [0, 0, 0, 0],
    });
    const attempts = async (error: Error): Promise<unknown> => {
      const { attempts, reason } = await policy.outcome(scripted(forever(fail(error))));
      return [attempts, reason];
    };
    expect(await Promise.all([new RangeError(), new TypeError(), new Error("other")].map(attempts))).toEqual([
      [2, "max-attempts"],
      [3, "max-attempts"],
      [4, "max-attempts"],
    ]);
  });

  test("come from a schedule that is not primed: it hears of the first failure when it begins, then of each later one", async () => {
    const clock = virtualClock();
    const heard: unknown[] = [];
    const schedule: Schedule = (first) => {
      heard.push(first.attempt);
      const next = (failure?: unknown): IteratorResult<number, void> => {
        heard.push((failure as { attempt: number } | undefined)?.attempt);
        return { done: false, value: 1 };
      };
      return { next };
    };
    await clock.run(retry({ schedule, maxAttempts: 4, clock }).outcome(scripted(forever(fail()))));
    expect(heard).toEqual([1, undefined, 2, 3]);
  });

  test("spread a server's wait by chance, unless jitter is off", async () => {
    const clock = virtualClock();
    const waits = async (jitter: null | undefined): Promise<unknown> => {
      const policy = retry({ schedule: [1], jitter, retryAfter: () => "20s", random: () => 0.5, clock });
      return (await clock.run(policy.outcome(scripted(fail(), ok())))).waitsMs;
    };
    expect([await waits(undefined), await waits(null)]).toEqual([[21_000], [20_000]]);
  });

  test("end with the attempt that ends just at maxTime", async () => {
    const clock = virtualClock();
    const policy = retry({ schedule: [100, 100], jitter: null, maxTime: 100, clock });
    expect(await clock.run(policy.outcome(scripted(forever(fail()))))).toMatchObject({
      reason: "max-time",
      attempts: 2,
      waitsMs: [100],
    });
  });

  test("of nothing cost no timer, but let others have their turn after every eighth attempt", async () => {
    const clock = virtualClock();
    const timer = vi.spyOn(clock, "timer");
    const policy = retry({ schedule: Array(19).fill(0), jitter: null, clock });
    const outcome = await clock.run(policy.outcome(scripted(forever(fail()))));
    expect([outcome.attempts, timer.mock.calls.length]).toEqual([20, 2]);
  });
});

describe("verdicts", () => {
  test("answer at once or later: yes, no, an exact wait, stop", async () => {
    const clock = virtualClock();
    const answers = [true, "3s", 50, Promise.resolve("1s" as const), Promise.resolve(true), "stop"] as const;
    const policy = retry({
      on: (_, { number }) => answers[number - 1] ?? false,
      schedule: [100, 200],
      random: () => 0.5,
      clock,
    });
    const outcome = await clock.run(policy.outcome(scripted(forever(fail()))));
    expect(outcome).toMatchObject({ attempts: 6, reason: "not-retryable", waitsMs: [50, 3000, 50, 1000, 100] });
  });

  test("an attempt's own time-out is retried also where `on` says stop", async () => {
    const clock = virtualClock();
    const policy = retry({ on: () => "stop", attemptTimeout: 10, schedule: [5], jitter: null, clock });
    expect(await clock.run(policy.run(scripted(hang(), ok("x"))))).toBe("x");
  });

  test("an error of nothing is an error like any other, and no time-out", async () => {
    const clock = virtualClock();
    const attempts = async (options: RetryOptions): Promise<number> =>
      (await clock.run(retry({ schedule: [1], clock, ...options }).outcome(scripted(fail(undefined), ok())))).attempts;
    expect(await attempts({ on: () => false })).toBe(1);
    expect(await attempts({ rules: [{ on: () => "stop" }], on: () => true })).toBe(1);
    expect(await attempts({ on: () => true })).toBe(2);
  });

  test("of `on` are asked for errors alone, not for results", async () => {
    const clock = virtualClock();
    const on = vi.fn(() => "stop" as const);
    const policy = retry({ on, until: (value: number) => value === 2, schedule: [1], clock });
    expect(await clock.run(policy.run(scripted(ok(1), ok(2))))).toBe(2);
    expect(on).not.toHaveBeenCalled();
  });

  test("an `until` that answers nothing says no", async () => {
    const clock = virtualClock();
    const until = (() => undefined) as unknown as (value: unknown) => boolean;
    expect(await clock.run(retry({ until, maxAttempts: 2, clock }).outcome(scripted(forever(ok(1)))))).toMatchObject({
      reason: "max-attempts",
    });
  });

  test("a result that is not accepted is retried whatever `on` says, and may be judged later", async () => {
    const clock = virtualClock();
    const policy = retry({ on: () => false, while: async (value: number) => value < 2, schedule: [1, 1], clock });
    expect(await clock.run(policy.run(scripted(ok(0), ok(1), ok(2))))).toBe(2);
    const given = await clock.run(policy.outcome(scripted(forever(ok(0)))));
    expect(given).toMatchObject({
      ok: false,
      reason: "schedule-exhausted",
      error: { code: "BIDE_RESULT_REJECTED", value: 0 },
    });
  });

  test("a result that comes after its attempt was cut is judged by nobody", async () => {
    const clock = virtualClock();
    const judged: number[] = [];
    const until = (value: number): boolean => judged.push(value) > 0;
    const policy = retry({ until, attemptTimeout: 10, schedule: [5], jitter: null, clock });
    const deaf = ({ number }: Attempt): Promise<number> => clock.sleep(number === 1 ? 12 : 3).then(() => number);
    expect(await clock.run(policy.run(deaf))).toBe(2);
    await clock.runAll();
    expect([judged.splice(0), clock.nowMs()]).toEqual([[2], 18]);
    const bounded = retry({ until, deadline: 10, clock });
    await expect(clock.run(bounded.run(deaf))).rejects.toThrow("was cut after 10");
    await clock.runAll();
    expect(judged).toEqual([]);
  });
});

describe("bounds", () => {
  test("an answer after its attempt's time, or an error then, is not heard", async () => {
    const clock = virtualClock();
    for (const late of [() => "late", () => Promise.reject(new Error("late"))]) {
      const deaf = ({ number }: Attempt): Promise<string> =>
        number === 1 ? clock.sleep(12).then(late) : clock.sleep(8).then(() => "x");
      const policy = retry({ attemptTimeout: 10, schedule: [1], jitter: null, clock });
      expect(await clock.run(policy.outcome(deaf))).toMatchObject({ value: "x", attempts: 2, elapsedMs: 19 });
      await clock.runAll();
    }
  });

  test("where the deadline comes in the moment of the attempt's time-out, the run ends", async () => {
    const clock = virtualClock();
    const policy = retry({ attemptTimeout: 10, deadline: 10, clock });
    await expect(clock.run(policy.run(scripted(hang())))).rejects.toMatchObject({ code: "BIDE_DEADLINE" });
  });

  test("no attempt is begun after the deadline, also where a hook took the time that was left", async () => {
    const clock = virtualClock();
    const target = scripted(forever(fail()));
    const onRetry = (): void => void vi.spyOn(clock, "nowMs").mockReturnValue(1000);
    const outcome = await retry({ schedule: [0], jitter: null, deadline: 100, onRetry, clock }).outcome(target);
    expect(outcome).toMatchObject({ reason: "deadline", attempts: 1, error: { code: "BIDE_DEADLINE" } });
    expect(target.calls.length).toBe(1);
  });

  test("no wait is begun that cannot end before the deadline, also where the budget took the time for it", async () => {
    const clock = virtualClock();
    const error = new Error("mine");
    const budget = { deposit: () => undefined, withdraw: () => clock.sleep(60).then(() => true) };
    const policy = retry({ schedule: [40], jitter: null, deadline: 100, budget, clock });
    expect(await clock.run(policy.outcome(scripted(fail(error))))).toMatchObject({
      error,
      reason: "deadline",
      attempts: 1,
      elapsedMs: 60,
    });
    const inTime = policy.with({ schedule: [39] });
    expect(await clock.run(inTime.outcome(scripted(fail(error), ok("x"))))).toMatchObject({
      value: "x",
      elapsedMs: 99,
    });
  });

  test("a server's wait has to fit into what the attempt left of the time", async () => {
    const clock = virtualClock();
    const policy = retry({ retryAfter: () => 50, schedule: [1], jitter: null, deadline: 100, clock });
    expect(await clock.run(policy.outcome(scripted(slow("60ms", fail(), clock))))).toMatchObject({
      reason: "hint-exceeds-deadline",
      retryAfterMs: 50,
      elapsedMs: 60,
    });
  });

  test("an attempt names no deadline where there is none, and its time since the run began", async () => {
    const clock = virtualClock({ startMs: 1000 });
    const seen: unknown[] = [];
    const look = ({ deadlineMs, elapsedMs, number }: Attempt): void => {
      seen.push([deadlineMs, elapsedMs]);
      if (number === 1) throw new Error("once");
    };
    await clock.run(retry({ schedule: [30], jitter: null, clock }).run(look));
    await clock.run(retry({ schedule: [30], jitter: null, deadline: 50, clock }).run(look));
    expect(seen).toEqual([
      [undefined, 0],
      [undefined, 30],
      [1080, 0],
      [1080, 30],
    ]);
  });

  test("an abort while `on` thinks ends the run without another attempt", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const budget = { deposit: vi.fn(), withdraw: vi.fn(() => true) };
    const on = async (): Promise<boolean> => {
      controller.abort("enough");
      return true;
    };
    const target = scripted(forever(fail()));
    await expect(retry(target, { on, signal: controller.signal, budget, clock })).rejects.toBe("enough");
    expect([target.calls.length, budget.withdraw.mock.calls.length]).toEqual([1, 0]);
  });

  test("an abort while `on`, or the judge of a result, thinks ends the run when it has thought, whatever it says", async () => {
    const clock = virtualClock();
    const later = (): Promise<boolean> => clock.sleep(50).then(() => true);
    for (const [policy, step] of [
      [retry({ on: later, clock }), fail()],
      [retry({ while: later, clock }), ok(1)],
    ] as const) {
      const controller = new AbortController();
      const target = scripted(step, ok(2));
      using record = recorder();
      const seen = expect(policy.run(target, { signal: controller.signal })).rejects.toBe("enough");
      await clock.advance(10);
      controller.abort("enough");
      await clock.runAll();
      await seen;
      expect([target.calls.length, record.types.at(-1), clock.pending]).toEqual([1, "run-gave-up", 0]);
    }
  });

  test("an abort, or the deadline, reaches beforeRetry", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const beforeRetry = (): Promise<never> => new Promise(() => undefined);
    const options = { beforeRetry, schedule: [10], jitter: null, clock } as const;
    const aborted = retry(options).outcome(scripted(fail()), { signal: controller.signal });
    await clock.advance(20);
    controller.abort("enough");
    expect(await aborted).toMatchObject({ ok: false, error: "enough", reason: "aborted" });
    const late = await clock.run(retry({ ...options, deadline: "1s" }).outcome(scripted(fail())));
    expect(late).toMatchObject({ ok: false, error: { code: "BIDE_DEADLINE" }, reason: "deadline", elapsedMs: 1000 });
  });

  test("a deadline that is over makes no call, and says so", async () => {
    const clock = virtualClock({ startMs: 100 });
    const target = scripted(ok(1));
    const outcome = await retry({ clock }).outcome(target, { deadlineMs: 100 });
    expect(outcome).toMatchObject({ ok: false, reason: "deadline", attempts: 0, error: { code: "BIDE_DEADLINE" } });
    expect(outcome).not.toHaveProperty("failure");
    expect(target.calls.length).toBe(0);
  });

  test("the earlier of the caller's deadline and the policy's counts, and a nested run inherits it", async () => {
    const clock = virtualClock();
    const inner = retry({ clock, deadline: "9s" });
    const outer = retry({ clock, deadline: "5s", attemptTimeout: "2s", schedule: [0], jitter: null });
    const seen: (number | undefined)[] = [];
    const outcome = await clock.run(
      outer.outcome((attempt) =>
        inner.run(({ deadlineMs }) => {
          seen.push(deadlineMs);
          return new Promise(() => undefined);
        }, attempt),
      ),
    );
    expect([outcome.attempts, seen, clock.nowMs()]).toEqual([2, [5000, 5000], 4000]);
  });

  test("a deadline error names no cause where nothing failed before it", async () => {
    const clock = virtualClock();
    const error = await clock.run(retry(scripted(hang()), { deadline: 10, clock }).catch((error: unknown) => error));
    expect(error).toMatchObject({ code: "BIDE_DEADLINE" });
    expect(error).not.toHaveProperty("cause");
  });

  test("a deadline error tells what failed before it", async () => {
    const clock = virtualClock();
    const before = new Error("before");
    const policy = retry({ clock, deadline: "5s", schedule: [10], jitter: null });
    const error: unknown = await clock.run(
      policy.run(scripted(fail(before), hang())).catch((thrown: unknown) => thrown),
    );
    expect(error).toMatchObject({ cause: before, attempts: 2, elapsedMs: 5000 });
  });
});

describe("hooks only look on", () => {
  test("what they throw or reject is an event, and changes nothing", async () => {
    const clock = virtualClock();
    using record = recorder({ name: "hooks" });
    const rejecting = async (): Promise<never> => broken("a hook")();
    const hooks = {
      onAttempt: broken("onAttempt"),
      onRetry: rejecting,
      onSuccess: rejecting,
      onGiveUp: broken("onGiveUp"),
    };
    const policy = retry({ ...hooks, schedule: [1], name: "hooks", clock });
    expect(await clock.run(policy.run(scripted(fail(), ok("x"))))).toBe("x");
    await clock.run(Promise.allSettled([policy.run(scripted(forever(fail())))]));
    const failed = record.events.flatMap((event) => (event.type === "hook-failed" ? event.hook : []));
    expect(failed.sort()).toEqual([
      "onAttempt",
      "onAttempt",
      "onAttempt",
      "onAttempt",
      "onGiveUp",
      "onRetry",
      "onRetry",
      "onSuccess",
    ]);
  });

  test("are told what they need, in order", async () => {
    const clock = virtualClock();
    const told: unknown[] = [];
    const policy = retry({
      schedule: [250],
      jitter: null,
      clock,
      onAttempt: ({ number }) => told.push(["attempt", number]),
      onRetry: (failure, { delayMs }) => told.push(["retry", failure.attempt, delayMs]),
      onSuccess: (value, { attempts, elapsedMs }) => told.push(["success", value, attempts, elapsedMs]),
      onGiveUp: (failure, { reason, attempts }) => told.push(["give up", failure?.attempt, reason, attempts]),
    });
    await clock.run(policy.run(scripted(fail(), ok("x"))));
    await clock.run(Promise.allSettled([policy.run(scripted(forever(fail())))]));
    expect(told).toEqual([
      ["attempt", 1],
      ["retry", 1, 250],
      ["attempt", 2],
      ["success", "x", 2, 250],
      ["attempt", 1],
      ["retry", 1, 250],
      ["attempt", 2],
      ["give up", 2, "schedule-exhausted", 2],
    ]);
  });

  test("a wrapped function that nobody watches behaves as one that somebody does", async () => {
    const behaviour = async (options: RetryOptions): Promise<unknown> => {
      const clock = virtualClock();
      const target = scripted(slow("2s", fail(), clock), slow("2s", fail(), clock), ok("x"));
      const wrapped = retry({ maxTime: "6s", jitter: null, schedule: [1000, 3000], clock, ...options })(target);
      return [await clock.run(wrapped("a")), target.calls, clock.nowMs()];
    };
    expect(await behaviour({ maxTime: Number.POSITIVE_INFINITY })).toEqual(["x", [["a"], ["a"], ["a"]], 8000]);
    const quick = await behaviour({});
    expect(quick).toEqual(["x", [["a"], ["a"], ["a"]], 6000]);
    expect(await behaviour({ onSuccess: () => undefined })).toEqual(quick);
    expect(await behaviour({ deadline: "1h" })).toEqual(quick);
    using _ = recorder();
    expect(await behaviour({})).toEqual(quick);
  });
});

describe("a budget", () => {
  const counted = (grants: boolean | Promise<boolean>) => ({
    started: vi.fn(),
    deposit: vi.fn(),
    failed: vi.fn(),
    withdraw: vi.fn(() => grants),
  });

  test.each([
    ["at once", false],
    ["later", Promise.resolve(false)],
  ])("that refuses %s ends the run with the operation's own error, and no wait", async (_, grants) => {
    const clock = virtualClock();
    const error = new Error("mine");
    const outcome = await clock.run(retry({ budget: counted(grants), clock }).outcome(scripted(fail(error))));
    expect(outcome).toMatchObject({ error, reason: "budget-exhausted", attempts: 1, waitsMs: [], elapsedMs: 0 });
  });

  test.each<[title: string, on: RetryOptions["on"], hears: number]>([
    ["may be retried", () => true, 1],
    ["may be retried after a time of its own", () => 5, 1],
    ["is not to be retried", () => false, 0],
    ["stops the run", () => "stop", 0],
  ])("hears of a failure that %s: %#", async (_, on, hears) => {
    const clock = virtualClock();
    const budget = counted(true);
    await clock.run(retry({ on, budget, maxAttempts: 1, clock }).outcome(scripted(fail())));
    expect([budget.failed.mock.calls.length, budget.withdraw.mock.calls.length]).toEqual([hears, 0]);
  });
});

describe("a wrapped function", () => {
  test("is cut by its time, or by the deadline", async () => {
    const clock = virtualClock();
    const timed = retry({ attemptTimeout: 10, schedule: [5], jitter: null, clock })(scripted(hang(), ok("x")));
    expect(await clock.run(timed())).toBe("x");
    const bounded = retry({ deadline: 10, clock })(scripted(hang()));
    await expect(clock.run(bounded())).rejects.toMatchObject({ code: "BIDE_DEADLINE" });
  });

  test("has its results judged", async () => {
    const clock = virtualClock();
    const wrapped = retry({ until: (value: number) => value === 2, schedule: [1], clock })(scripted(ok(1), ok(2)));
    expect(await clock.run(wrapped())).toBe(2);
  });

  test("that throws at once is called again like one that rejects", async () => {
    const clock = virtualClock();
    let calls = 0;
    const wrapped = retry({ schedule: [1], clock })((word: string) => {
      if (++calls === 1) throw new Error("once");
      return word;
    });
    expect([await clock.run(wrapped("x")), calls]).toEqual(["x", 2]);
  });

  test("that is called with nothing is called with nothing again", async () => {
    const clock = virtualClock();
    const target = scripted(fail(), ok("x"));
    await clock.run(retry({ schedule: [1], clock })(target)());
    expect(target.calls).toEqual([[], []]);
  });
});

describe("the time of a wrapped function's first attempt", () => {
  const seen: number[] = [];
  const look = ({ elapsedMs }: { readonly elapsedMs: number }): void => void seen.push(elapsedMs);
  test.each<[title: string, options: RetryOptions]>([
    ["what is retried", { on: (_, attempt) => look(attempt) ?? true }],
    ["what a rule is for", { on: Error, rules: [{ on: (_, attempt) => look(attempt) ?? false }] }],
    ["the waits", { schedule: (first) => [look(first) ?? 1].values() }],
    ["a rule's waits", { rules: [{ on: Error, schedule: (first) => [look(first) ?? 1].values() }] }],
    ["the server's wait", { retryAfter: (failure) => look(failure) ?? 1 }],
    ["a hook", { onRetry: look }],
  ])("is known to a function that decides, or looks on: %s", async (_, options) => {
    const clock = virtualClock();
    const wrapped = retry({ schedule: [1], maxTime: Number.POSITIVE_INFINITY, clock, ...options })(
      scripted(slow("30ms", fail(new Error("no")), clock), ok("x")),
    );
    expect(await clock.run(wrapped())).toBe("x");
    expect(seen.splice(0)).toEqual([30]);
  });

  test.each<[title: string, options: RetryOptions]>([
    ["nothing", {}],
    ["a class", { on: RangeError }],
    ["classes, and a rule of one", { on: [RangeError, TypeError], rules: [{ on: URIError, maxAttempts: 2 }] }],
  ])("costs no look at the clock where nobody may see it: %s", async (_, options) => {
    const clock = virtualClock();
    const look = vi.spyOn(clock, "nowMs");
    const policy = retry({ ...options, maxTime: Number.POSITIVE_INFINITY, clock });
    expect(await policy(async () => "x")()).toBe("x");
    expect(look).not.toHaveBeenCalled();
  });
});

test("an abort in a hook at the start of an attempt is heard: the operation is not called", async () => {
  const clock = virtualClock();
  const controller = new AbortController();
  const target = scripted(hang());
  const onAttempt = (): void => controller.abort("enough");
  await expect(clock.run(retry(target, { onAttempt, signal: controller.signal, clock }))).rejects.toBe("enough");
  expect(target.calls.length).toBe(0);
});

describe("what a success brings about", () => {
  const broken = new Error("budget down");
  const budget = {
    deposit: () => {
      throw broken;
    },
    withdraw: () => true,
  };

  test.each([
    ["a retry", retry({ budget })],
    ["a retry around another policy", compose(retry({ budget }), timeout("1s"))],
    ["a retry that judges results", retry({ budget, until: () => true })],
  ])("is final under %s: what it throws is no failure of the attempt", async (_, policy) => {
    let calls = 0;
    await expect(policy.run(() => ++calls)).rejects.toBe(broken);
    expect(calls).toBe(1);
  });

  test("leaves no listener and no timer behind, also under another policy", async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    for (const policy of [
      retry({ deadline: "1s", clock }),
      compose(retry({ deadline: "1s", clock }), timeout("1m", { clock })),
    ])
      await policy.run(() => 1, { signal });
    expect([clock.pending, getEventListeners(signal, "abort")]).toEqual([0, []]);
  });
});

test("a run around another policy that was aborted before makes no attempt", async () => {
  let calls = 0;
  const policy = compose(retry(), timeout("1s"));
  await expect(policy.run(() => calls++, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
  expect(calls).toBe(0);
});

describe("a run around another policy", () => {
  const hanging = (): Promise<never> => new Promise(() => undefined);

  test("is over at its deadline in the middle of its first attempt, and leaves no timer", async () => {
    const clock = virtualClock();
    const policy = compose(retry({ deadline: 100, clock }), timeout("1s", { clock }));
    const { ok, attempts, reason } = await clock.run(policy.outcome(hanging));
    expect([ok, attempts, reason, clock.nowMs(), clock.pending]).toEqual([false, 1, "deadline", 100, 0]);
  });

  test("retries a first attempt that its own time-out cut", async () => {
    const clock = virtualClock();
    const options = { attemptTimeout: 100, schedule: [50], jitter: null, on: () => false, clock } as const;
    const policy = compose(retry(options), timeout("1s", { clock }));
    let calls = 0;
    const slowOnce = (): unknown => (++calls < 2 ? hanging() : "answer");
    expect([await clock.run(policy.run(slowOnce)), clock.nowMs(), clock.pending]).toEqual(["answer", 150, 0]);
  });

  test("ends with the caller's reason when it is aborted in its first attempt", async () => {
    const controller = new AbortController();
    const running = compose(retry(), timeout("1s")).run(hanging, { signal: controller.signal });
    controller.abort("enough");
    await expect(running).rejects.toBe("enough");
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("has its first result judged like any other", async () => {
    const clock = virtualClock();
    const until = (value: unknown): boolean => value === 2;
    const policy = compose(retry({ until, schedule: [50], jitter: null, clock }), timeout("1s", { clock }));
    expect([await clock.run(policy.run(scripted(ok(1), ok(2)))), clock.nowMs()]).toEqual([2, 50]);
  });
});
