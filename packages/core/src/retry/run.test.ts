import { describe, expect, test, vi } from "vitest";
import { type Attempt, type RetryOptions, retry, type Schedule } from "../index.js";
import { fail, forever, hang, ok, recorder, scripted, slow, virtualClock } from "../testing.js";

const broken = (where: string) => (): never => {
  throw new RangeError(`in ${where}`);
};

describe("what the caller's own functions throw is final", () => {
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

  test("a jitter that gives no number is refused, a negative one is no wait", async () => {
    const clock = virtualClock();
    const run = (jitter: () => number): Promise<unknown> =>
      clock.run(retry({ jitter, clock }).outcome(scripted(fail(), ok())));
    expect(await run(() => Number.NaN)).toHaveProperty(
      "error.message",
      expect.stringContaining("expected `jitter` to be"),
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
