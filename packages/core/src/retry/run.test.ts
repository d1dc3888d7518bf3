import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { type Attempt, type Clock, compose, retry, timeout } from "../index.js";
import { fail, forever, hang, ok, scripted, slow, virtualClock } from "../testing.js";

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

  test("a deadline that a clock calls a little early is no time-out of the attempt", async () => {
    const clock = virtualClock();
    const early: Clock = {
      nowMs: () => clock.nowMs(),
      wallNowMs: () => clock.wallNowMs(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      timer: (atMs, callback) => clock.timer(atMs - 1, callback),
    };
    const policy = retry({ deadline: 10, clock: early });
    await expect(clock.run(policy.run(scripted(hang())))).rejects.toMatchObject({
      code: "BIDE_DEADLINE",
      elapsedMs: 9,
    });
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

test("an abort in a hook at the start of an attempt is heard: the operation is not called", async () => {
  const clock = virtualClock();
  const controller = new AbortController();
  const target = scripted(hang());
  const onAttempt = (): void => controller.abort("enough");
  await expect(clock.run(retry(target, { onAttempt, signal: controller.signal, clock }))).rejects.toBe("enough");
  expect(target.calls.length).toBe(0);
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

describe("the attempts of an outcome are the calls that were made", () => {
  test("not one that a hook has aborted before, nor one that `beforeRetry` prevents", async () => {
    const controller = new AbortController();
    const policy = retry({ onAttempt: () => controller.abort("enough"), signal: controller.signal });
    expect(await policy.outcome(() => 1)).toMatchObject({ reason: "aborted", attempts: 0 });
    const clock = virtualClock();
    const broken = (): never => {
      throw new Error("no token");
    };
    const prevented = retry({ schedule: [1], jitter: null, beforeRetry: broken, clock });
    expect(await clock.run(prevented.outcome(scripted(fail())))).toMatchObject({ attempts: 1, waitsMs: [1] });
  });

  test("nor one that is aborted in the moment before it is made", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const operation = scripted(fail(), fail());
    const onAttempt = ({ number }: Attempt): void => {
      if (number === 2) queueMicrotask(() => controller.abort("enough"));
    };
    const policy = retry({ schedule: [10], jitter: null, clock, onAttempt });
    const ending = policy.outcome(operation, { signal: controller.signal });
    expect(await clock.run(ending)).toMatchObject({ reason: "aborted", attempts: 1 });
    expect(operation.calls.length).toBe(1);
  });
});

test("an abort is one whatever its reason, and no failure", async () => {
  const controller = new AbortController();
  const on = (): boolean => {
    controller.abort(Number.NaN);
    return true;
  };
  expect(await retry({ on, signal: controller.signal }).outcome(() => Promise.reject(new Error("no")))).toMatchObject({
    error: Number.NaN,
    reason: "aborted",
  });
});
