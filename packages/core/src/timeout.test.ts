import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type Attempt,
  BideError,
  CallTimeoutError,
  compose,
  DeadlineError,
  isTransient,
  observe,
  type PolicyEvent,
  retry,
  timeout,
} from "./index.js";
import { virtualClock, withClock } from "./testing.js";

const hanging = (): Promise<never> => new Promise(() => undefined);

describe("timeout", () => {
  test("passes on what the call returns or throws in time, and leaves no timer", async () => {
    const clock = virtualClock();
    const policy = timeout("20s", { clock });
    const error = new Error("mine");
    expect(await policy.run(() => "answer")).toBe("answer");
    await expect(policy.run(() => Promise.reject(error))).rejects.toBe(error);
    await expect(
      policy.run(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect([clock.nowMs(), clock.pending]).toEqual([0, 0]);
  });

  test("cuts the call: the caller gets the error at once, and the call's signal aborts with it", async () => {
    const clock = virtualClock();
    let seen: Attempt | undefined;
    const running = timeout("20s", { clock, name: "chat" }).run((attempt) => {
      seen = attempt;
      return hanging();
    });
    const error = await clock.run(running).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CallTimeoutError);
    expect(error).toMatchObject({
      name: "CallTimeoutError",
      code: "BIDE_CALL_TIMEOUT",
      timeoutMs: 20_000,
      message: 'timeout "chat": no answer within 20000 ms',
    });
    expect([clock.nowMs(), clock.pending, seen?.signal.reason]).toEqual([20_000, 0, error]);
  });

  test("an answer at the very last instant before it counts", async () => {
    const clock = virtualClock();
    const policy = timeout(100, { clock });
    expect(await clock.run(policy.run(() => clock.sleep(99).then(() => "late")))).toBe("late");
    await expect(clock.run(policy.run(() => clock.sleep(100)))).rejects.toThrow("timeout: no answer within 100 ms");
  });

  test("hands its end inwards as a deadline, so that a retry inside starts nothing that cannot fit", async () => {
    const clock = virtualClock();
    const policy = compose(timeout("1s", { clock }), retry({ schedule: [600, 600], jitter: null, clock }));
    const outcome = await clock.run(policy.outcome(() => Promise.reject(new Error("no"))));
    expect(outcome).toMatchObject({ reason: "deadline", attempts: 2, waitsMs: [600], elapsedMs: 600 });
  });

  test("no ghost call: nothing is started by a retry inside after the cut", async () => {
    const clock = virtualClock();
    let calls = 0;
    const policy = compose(timeout("1s", { clock }), retry({ attemptTimeout: "400ms", schedule: [0, 0, 0, 0], clock }));
    const operation = (): Promise<never> => {
      calls++;
      return hanging();
    };
    await expect(clock.run(policy.run(operation))).rejects.toBeInstanceOf(CallTimeoutError);
    await clock.advance("1m");
    expect([calls, clock.pending]).toEqual([3, 0]);
  });

  test("inside a retry it is the time of one attempt, and is retried", async () => {
    const clock = virtualClock();
    const numbers: number[] = [];
    const policy = compose(retry({ schedule: [500], jitter: null, clock }), timeout("2s", { clock }));
    const answer = policy.run((attempt) => {
      numbers.push(attempt.number);
      return attempt.number === 1 ? hanging() : attempt.previous?.error;
    });
    expect(await clock.run(answer)).toBeInstanceOf(CallTimeoutError);
    expect([numbers, clock.nowMs(), isTransient(new CallTimeoutError(undefined, 1))]).toEqual([[1, 2], 2500, true]);
  });

  test("where the caller's deadline is earlier, that one counts", async () => {
    const clock = virtualClock({ startMs: 1000 });
    const running = timeout("20s", { clock }).run(hanging, { deadlineMs: 1500 });
    await expect(clock.run(running)).rejects.toBeInstanceOf(DeadlineError);
    expect(clock.nowMs()).toBe(1500);
  });

  test("makes no call when the deadline is over or the signal has aborted", async () => {
    const clock = virtualClock({ startMs: 1000 });
    let calls = 0;
    const policy = timeout("20s", { clock });
    await expect(policy.run(() => calls++, { deadlineMs: 1000 })).rejects.toBeInstanceOf(DeadlineError);
    await expect(policy.run(() => calls++, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
    expect([calls, clock.pending]).toEqual([0, 0]);
  });

  test("an abort reaches caller and call at once, and leaves neither timer nor listener", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    let seen: AbortSignal | undefined;
    const running = timeout("20s", { clock }).run(
      ({ signal }) => {
        seen = signal;
        return hanging();
      },
      { signal: controller.signal },
    );
    controller.abort("enough");
    await expect(running).rejects.toBe("enough");
    expect(seen?.reason).toBe("enough");
    expect([clock.pending, getEventListeners(controller.signal, "abort").length]).toEqual([0, 0]);
  });

  test("a call that fails after the cut raises nothing", async () => {
    const clock = virtualClock();
    const running = timeout(100, { clock }).run(() => clock.sleep(200).then(() => Promise.reject(new Error("late"))));
    await expect(clock.run(running)).rejects.toBeInstanceOf(CallTimeoutError);
    await clock.runAll();
    expect(clock.nowMs()).toBe(200);
  });

  test("a time of Infinity has no end, and hands none inwards", async () => {
    const clock = virtualClock();
    const policy = timeout(Number.POSITIVE_INFINITY, { clock });
    expect(await policy.run(({ deadlineMs }) => [deadlineMs, clock.pending])).toEqual([undefined, 0]);
  });

  test("uses the default clock of the moment where it was given none", async () => {
    const clock = virtualClock();
    using _ = withClock(clock);
    await expect(clock.run(timeout(100).run(hanging))).rejects.toBeInstanceOf(CallTimeoutError);
  });

  test("tells of the cut", async () => {
    const clock = virtualClock();
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    await clock.run(timeout(100, { clock, name: "chat" }).outcome(hanging));
    stop();
    expect(events).toEqual([{ type: "call-timed-out", name: "chat", timeoutMs: 100 }]);
  });

  test("leaves the telling of an earlier end to who set that, and names the time since it began itself", async () => {
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const clock = virtualClock({ startMs: 1000 });
    const error = await clock.run(
      timeout("1s", { clock })
        .run(hanging, { deadlineMs: 1030 })
        .catch((error: unknown) => error),
    );
    stop();
    expect(error).toMatchObject({ code: "BIDE_DEADLINE", elapsedMs: 30, attempts: 1 });
    expect(events).toEqual([]);
  });

  test("its outcome counts the call", async () => {
    const clock = virtualClock();
    expect(await timeout(100, { clock }).outcome(() => 1)).toMatchObject({ ok: true, attempts: 1, waitsMs: [] });
    const cut = await clock.run(timeout(100, { clock }).outcome(hanging));
    expect(cut).toMatchObject({ ok: false, attempts: 1, elapsedMs: 100 });
    expect(cut.ok || cut.error).toBeInstanceOf(BideError);
  });

  test.each([
    [0, {}, "expected `duration` to be a duration > 0"],
    [-1, {}, "expected `duration` to be a duration >= 0"],
    ["20 s", {}, "expected `duration` to be a duration >= 0"],
    [undefined, {}, "expected `duration` to be a duration >= 0"],
    ["20s", { nam: "x" }, "timeout has no option `nam`; did you mean `name`?"],
  ])("refuses %s with %o at construction", (duration, options, message) => {
    expect(() => timeout(duration as "1s", options as object)).toThrow(message);
  });
});
