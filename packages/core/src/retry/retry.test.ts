import { describe, expect, test } from "vitest";
import { DeadlineError, expo, fullJitter, OptionError, observe, retry } from "../index.js";
import { virtualClock } from "../testing.js";

/** An operation that fails so often, and then succeeds. */
function failing(times: number, error: unknown = new Error("no")): { (): Promise<string>; calls: number } {
  const operation = Object.assign(
    async () => {
      operation.calls++;
      if (operation.calls <= times) throw error;
      return "ok";
    },
    { calls: 0 },
  );
  return operation;
}

describe("retry", () => {
  test("calls again after each wait of the schedule until the operation succeeds", async () => {
    const clock = virtualClock();
    const policy = retry({ schedule: expo({ factor: "1s" }), jitter: null, clock });
    const outcome = await clock.run(policy.outcome(failing(3)));
    expect(outcome).toMatchObject({ ok: true, value: "ok", attempts: 4, waitsMs: [1000, 2000, 4000], elapsedMs: 7000 });
  });

  test("throws the operation's own last error, the same object, after maxAttempts calls", async () => {
    const clock = virtualClock();
    const error = new Error("mine");
    const operation = failing(9, error);
    await expect(clock.run(retry(operation, { maxAttempts: 3, clock }))).rejects.toBe(error);
    expect(operation.calls).toBe(3);
  });

  test("makes no call for a signal that has aborted already, and throws its reason", async () => {
    const reason = new Error("stop");
    const operation = failing(0);
    await expect(retry(operation, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(operation.calls).toBe(0);
  });

  test("an abort during a wait ends the run at once and leaves no timer", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const running = retry(failing(9), { signal: controller.signal, clock, schedule: [60_000], jitter: null });
    const seen = expect(running).rejects.toBe("enough");
    await clock.advance("1s");
    controller.abort("enough");
    await seen;
    expect([clock.nowMs(), clock.pending]).toEqual([1000, 0]);
  });

  test("the deadline cuts a running attempt, tells its signal, and leaves no timer", async () => {
    const clock = virtualClock();
    let signal: AbortSignal | undefined;
    const hanging = (attempt: { signal: AbortSignal }): Promise<never> => {
      signal = attempt.signal;
      return new Promise(() => undefined);
    };
    await expect(clock.run(retry(hanging, { deadline: "60s", clock }))).rejects.toBeInstanceOf(DeadlineError);
    expect([clock.nowMs(), clock.pending, signal?.aborted]).toEqual([60_000, 0, true]);
  });

  test("an attempt that times out is retried under any `on`", async () => {
    const clock = virtualClock();
    let calls = 0;
    const once = (): Promise<string> => (++calls === 1 ? new Promise(() => undefined) : Promise.resolve("ok"));
    const policy = retry({ on: RangeError, attemptTimeout: "2s", schedule: [500], jitter: null, clock });
    await expect(clock.run(policy.run(once))).resolves.toBe("ok");
    expect(clock.nowMs()).toBe(2500);
  });

  test("waits what the server asked for, when that is longer than the backoff", async () => {
    const clock = virtualClock();
    const policy = retry({ schedule: [100], jitter: null, clock, retryAfter: () => "20s" });
    expect(await clock.run(policy.outcome(failing(1)))).toMatchObject({ waitsMs: [20_000] });
  });

  test.each<[title: string, retryAfterMs: unknown, waitMs: number]>([
    ["a number of milliseconds", 20_000, 20_000],
    ["a duration as text, which is no number", "20s", 100],
    ["below nothing", -1, 100],
    ["no number", Number.NaN, 100],
    ["left out", undefined, 100],
  ])("reads the server's wait from the error's own retryAfterMs: %s", async (_, retryAfterMs, waitMs) => {
    const clock = virtualClock();
    const policy = retry({ schedule: [100], jitter: null, clock });
    const error = Object.assign(new Error("busy"), { retryAfterMs });
    expect(await clock.run(policy.outcome(failing(1, error)))).toMatchObject({ waitsMs: [waitMs] });
  });

  test("waits twice as long each time, from half a second up to half a minute, where it is not told", async () => {
    const clock = virtualClock();
    const policy = retry({ jitter: null, maxAttempts: 9, maxTime: Number.POSITIVE_INFINITY, clock });
    const waitsMs = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
    expect(await clock.run(policy.outcome(failing(9)))).toMatchObject({ waitsMs });
  });

  test("a hint that cannot fit ends the run with the time that it would take", async () => {
    const clock = virtualClock();
    const policy = retry({ clock, retryAfter: () => "90s", deadline: "60s", maxTime: Number.POSITIVE_INFINITY });
    const outcome = await clock.run(policy.outcome(failing(1)));
    expect(outcome).toMatchObject({ ok: false, reason: "hint-exceeds-deadline", retryAfterMs: 90_000, attempts: 1 });
  });

  test("wraps: name, length, own properties and `this` are kept", async () => {
    const clock = virtualClock();
    async function ask(this: { greeting: string }, name: string): Promise<string> {
      return `${this.greeting} ${name}`;
    }
    const wrapped = retry({ clock })(Object.assign(ask, { version: 2 }));
    expect([wrapped.name, wrapped.length, wrapped.version]).toEqual(["ask", 1, 2]);
    expect(await wrapped.call({ greeting: "hi" }, "you")).toBe("hi you");
  });

  test("decorates a method", async () => {
    const clock = virtualClock();
    const persistent = retry({ clock, jitter: fullJitter });
    class Chat {
      calls = 0;
      @persistent async ask(prompt: string): Promise<string> {
        if (++this.calls < 3) throw new Error("no");
        return prompt;
      }
    }
    expect(await clock.run(new Chat().ask("x"))).toBe("x");
  });

  test("a block is tried until it succeeds", async () => {
    const clock = virtualClock();
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const attempt of retry.attempts({ clock, maxAttempts: 5 })) {
        await attempt.try(async () => {
          seen.push(attempt.number);
          if (attempt.number < 3) throw new Error("no");
        });
      }
    };
    await clock.run(loop());
    expect(seen).toEqual([1, 2, 3]);
  });

  test("names an unknown option and the one that was meant", () => {
    const make = (): unknown => retry({ maxAttemps: 3 } as object);
    expect(make).toThrow(OptionError);
    expect(make).toThrow("retry has no option `maxAttemps`; did you mean `maxAttempts`?");
  });

  test("tells listeners each event in order, and survives one that throws", async () => {
    const clock = virtualClock();
    const types: string[] = [];
    const stop = observe((event) => {
      types.push(event.type);
      throw new Error("listener");
    });
    await clock.run(retry(failing(1), { clock }));
    const all = ["attempt-started", "attempt-failed", "retry-scheduled", "attempt-started", "run-succeeded"];
    expect(types.splice(0)).toEqual(all);
    await clock.run(retry({ clock })(failing(1))());
    stop();
    expect(types).toEqual(all);
  });

  test("an async iterable is opened again until its first item, and passed through after it", async () => {
    const clock = virtualClock();
    let opened = 0;
    const stream = retry({ clock }).iterate(async function* () {
      if (++opened < 3) throw new Error("no");
      yield 1;
      yield 2;
    });
    const items: number[] = [];
    const read = async (): Promise<void> => {
      for await (const item of stream) items.push(item);
    };
    await clock.run(read());
    expect([items, opened]).toEqual([[1, 2], 3]);
  });
});
