import { describe, expect, test, vi } from "vitest";
import { type Attempt, type RetryOptions, retry, type Schedule } from "../index.js";
import { fail, forever, hang, ok, recorder, scripted, virtualClock } from "../testing.js";

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
    expect(outcome).toMatchObject({ ok: false, reason: "not-retryable", attempts: 1 });
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
