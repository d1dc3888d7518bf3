import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type Attempt,
  AttemptTimeoutError,
  compose,
  constant,
  DeadlineError,
  type RetryOptions,
  retry,
  timeout,
} from "../src/index.js";
import { type VirtualClock, virtualClock } from "../src/testing.js";

/** Never settles, and keeps the attempts that it was called with. */
function hanging(): { (attempt: Attempt): Promise<never>; readonly signals: AbortSignal[] } {
  const signals: AbortSignal[] = [];
  const operation = (attempt: Attempt): Promise<never> => {
    signals.push(attempt.signal);
    return new Promise(() => undefined);
  };
  return Object.assign(operation, { signals });
}

/** Always rejects, and counts. */
function failing(...thrown: [unknown?]): { (): Promise<never>; calls: number } {
  const error = thrown.length === 0 ? new Error("no") : thrown[0];
  const operation = Object.assign(
    async (): Promise<never> => {
      operation.calls++;
      throw error;
    },
    { calls: 0 },
  );
  return operation;
}

afterEach(() => {
  vi.useRealTimers();
});

describe("what most libraries get wrong: aborting", () => {
  test("an abort during a wait ends the run at once with the caller's reason, and nothing runs after it", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const operation = failing();
    const seen = expect(
      retry(operation, { signal: controller.signal, schedule: [600], jitter: null, clock }),
    ).rejects.toBe("enough");
    await clock.advance(60);
    controller.abort("enough");
    await seen;
    expect([clock.nowMs(), clock.pending]).toEqual([60, 0]);
    await clock.advance("1h");
    expect(operation.calls).toBe(1);
  });

  test("a signal that has aborted already makes no call, and its reason comes out", async () => {
    const operation = failing();
    const reason = new Error("before");
    await expect(retry(operation, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(retry().run(operation, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(operation.calls).toBe(0);
  });

  test("an abort reaches the running attempt and the caller at once, though the attempt hangs", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const operation = hanging();
    const seen = expect(retry(operation, { signal: controller.signal, clock })).rejects.toBe("enough");
    await clock.advance(60);
    controller.abort("enough");
    expect(operation.signals.map((signal) => signal.reason)).toEqual(["enough"]);
    await seen;
    expect([clock.nowMs(), clock.pending, operation.signals.length]).toEqual([60, 0, 1]);
  });

  test("a thousand retries leave no listener on the caller's signal", async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    const operation = failing();
    const unbounded = { maxAttempts: 1001, maxTime: Number.POSITIVE_INFINITY, deadline: "10h" } as const;
    await expect(
      clock.run(retry(operation, { signal, clock, schedule: constant(10), ...unbounded })),
    ).rejects.toThrow();
    expect([operation.calls, getEventListeners(signal, "abort").length]).toEqual([1001, 0]);
  });
});

describe("what most libraries get wrong: time", () => {
  test("a deadline cuts a running attempt, tells its signal, and leaves no ghost call behind", async () => {
    const clock = virtualClock();
    const operation = hanging();
    await expect(clock.run(retry(operation, { deadline: 150, clock }))).rejects.toBeInstanceOf(DeadlineError);
    expect([clock.nowMs(), operation.signals.map((signal) => signal.aborted)]).toEqual([150, [true]]);
    await clock.advance("1h");
    expect([operation.signals.length, clock.pending]).toEqual([1, 0]);
  });

  test("a wait that cannot end before the deadline ends the run at once, with the last error and no ghost call", async () => {
    const clock = virtualClock();
    const error = new Error("mine");
    const operation = failing(error);
    const options = { deadline: 150, schedule: constant(400), jitter: null, clock } as const;
    await expect(clock.run(retry(operation, options))).rejects.toBe(error);
    await clock.advance("1h");
    expect(operation.calls).toBe(1);
  });

  test("an attempt's time-out aborts that attempt's signal, and the attempt is retried", async () => {
    const clock = virtualClock();
    const operation = hanging();
    const options = { attemptTimeout: 60, maxAttempts: 3, schedule: constant(0), jitter: null, clock } as const;
    await expect(clock.run(retry(operation, options))).rejects.toBeInstanceOf(AttemptTimeoutError);
    expect(operation.signals.map((signal) => signal.reason instanceof AttemptTimeoutError)).toEqual([true, true, true]);
    expect(clock.nowMs()).toBe(180);
  });

  test("a delay above 2^31 - 1 ms waits, where hosts would fire at once", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const days30 = 30 * 24 * 3_600_000;
    const operation = failing();
    const options = { schedule: [days30], jitter: null, maxTime: Number.POSITIVE_INFINITY } as const;
    const seen = expect(retry(operation, options)).rejects.toThrow("no");
    await vi.advanceTimersByTimeAsync(days30 - 1);
    expect(operation.calls).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(operation.calls).toBe(2);
    await seen;
  });

  test("zero delays without an end do not starve the event loop", async () => {
    const controller = new AbortController();
    const unbounded = { maxAttempts: Number.POSITIVE_INFINITY, schedule: constant(0), jitter: null } as const;
    setTimeout(() => controller.abort("the timer ran"), 5);
    await expect(retry(failing(), { ...unbounded, signal: controller.signal })).rejects.toBe("the timer ran");
  });
});

describe("what most libraries get wrong: failures", () => {
  test("a function that throws synchronously is retried like any other", async () => {
    const clock = virtualClock();
    let calls = 0;
    const operation = (): string => {
      if (++calls < 3) throw new Error("at once");
      return "ok";
    };
    expect(await clock.run(retry(operation, { clock }))).toBe("ok");
    expect(calls).toBe(3);
    calls = 0;
    expect(await clock.run(retry({ clock })(operation)())).toBe("ok");
    expect(calls).toBe(3);
  });

  test.each([undefined, null, 0, "", Number.NaN])("rejecting with %s settles, with just that", async (error) => {
    const clock = virtualClock();
    const operation = failing(error);
    const settled = await clock.run(Promise.allSettled([retry(operation, { clock, maxAttempts: 3 })]));
    expect([settled, operation.calls]).toEqual([[{ status: "rejected", reason: error }], 3]);
  });

  test("the error that comes out is the very object that the last attempt threw", async () => {
    const clock = virtualClock();
    const errors = [new Error("1"), new Error("2"), Object.freeze(new Error("3"))];
    let calls = 0;
    const operation = (): Promise<never> => Promise.reject(errors[calls++]);
    await expect(clock.run(retry(operation, { clock, maxAttempts: 3 }))).rejects.toBe(errors[2]);
  });

  const bounds: readonly [string, RetryOptions][] = [
    ["no bound", {}],
    ["a deadline", { deadline: "60s" }],
    ["a time for each attempt", { attemptTimeout: "60s" }],
    ["a signal", { signal: new AbortController().signal }],
    ["all bounds", { deadline: "60s", attemptTimeout: "50s", signal: new AbortController().signal }],
  ];
  /** When an operation throws: what it does before. */
  const before: readonly [string, (clock: VirtualClock) => Promise<void> | undefined][] = [
    ["at once", () => undefined],
    ["a moment later", () => Promise.resolve()],
    ["after a wait", (clock) => clock.sleep(1)],
  ];
  const ways = bounds.flatMap(([bound, options]) =>
    before.flatMap(([when, work]) => [0, 1].map((waitMs) => [bound, waitMs, when, options, work] as const)),
  );
  test.each(ways)(
    "with %s and a wait of %i ms, the caller's frame is in the stack of the final error, thrown %s",
    async (_bound, waitMs, _when, options, work) => {
      const clock = virtualClock();
      async function theOperation(): Promise<never> {
        const working = work(clock);
        if (working) await working;
        throw new Error("late");
      }
      const policy = retry({ ...options, clock, schedule: constant(waitMs), jitter: null, maxAttempts: 2 });
      for (const call of [
        () => policy.run(theOperation),
        policy(theOperation),
        compose(policy, timeout("60s"))(theOperation),
      ]) {
        async function theCaller(): Promise<void> {
          await call();
        }
        const error: unknown = await clock.run(theCaller()).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ stack: expect.stringMatching(/theOperation[\s\S]*theCaller/) });
      }
    },
  );
});
