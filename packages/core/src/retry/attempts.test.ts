import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { type BlockAttempt, retry, type Tried } from "../index.js";
import { fail, forever, hang, ok, recorder, type Scripted, scripted, slow, virtualClock } from "../testing.js";

/** Runs a block to its end, and says what each attempt came to. */
async function block(attempts: AsyncIterable<BlockAttempt>, work: Scripted<unknown>): Promise<Tried<unknown>[]> {
  const tried: Tried<unknown>[] = [];
  for await (const attempt of attempts) tried.push(await attempt.try(work));
  return tried;
}

describe("a block of attempts", () => {
  test("ends after a success, with what each attempt came to", async () => {
    const clock = virtualClock();
    const error = new Error("first");
    const tried = await clock.run(block(retry.attempts({ clock, schedule: [100] }), scripted(fail(error), ok("x"))));
    expect(tried).toEqual([
      { ok: false, failure: { kind: "error", error, attempt: 1, elapsedMs: 0 } },
      { ok: true, value: "x" },
    ]);
  });

  test("throws the last error, the same object, out of the loop when it is given up", async () => {
    const clock = virtualClock();
    const last = new Error("last");
    const work = scripted(fail(), fail(), fail(last));
    await expect(clock.run(block(retry.attempts({ clock, maxAttempts: 3 }), work))).rejects.toBe(last);
    expect(work.calls.length).toBe(3);
  });

  test("shows each attempt its number, its time and the failure before it", async () => {
    const clock = virtualClock();
    const seen: unknown[] = [];
    const loop = async (): Promise<void> => {
      for await (const attempt of retry.attempts({ clock, schedule: [100], jitter: null, deadlineMs: 9000 })) {
        const { number, elapsedMs, deadlineMs, previous, signal } = attempt;
        seen.push([number, elapsedMs, deadlineMs, previous?.attempt, signal.aborted]);
        await attempt.try(() => {
          if (number === 1) throw new Error("once");
        });
      }
    };
    await clock.run(loop());
    expect(seen).toEqual([
      [1, 0, 9000, undefined, false],
      [2, 100, 9000, 1, false],
    ]);
  });

  test("judges results, and tells the same events as a run", async () => {
    const clock = virtualClock();
    using record = recorder({ name: "block" });
    const attempts = retry.attempts({ name: "block", clock, until: (value: unknown) => value === 2 });
    const tried = await clock.run(block(attempts, scripted(ok(1), ok(2))));
    expect(tried.map(({ ok }) => ok)).toEqual([false, true]);
    expect(record.types).toEqual([
      "attempt-started",
      "attempt-failed",
      "retry-scheduled",
      "attempt-started",
      "run-succeeded",
    ]);
  });

  test("an attempt has one outcome: trying it again throws, whatever came of it, and calls nothing", async () => {
    for (const step of [ok(1), fail(new Error("first"))]) {
      const work = scripted<unknown>(step);
      const loop = async (): Promise<void> => {
        for await (const attempt of retry.attempts()) {
          await attempt.try(work);
          await attempt.try(work);
        }
      };
      await expect(loop()).rejects.toThrow("an attempt is tried once");
      expect(work.calls.length).toBe(1);
    }
  });

  test("goes on only when the work has ended, also where nobody awaits it", async () => {
    const clock = virtualClock();
    const work = scripted(fail(), slow("5s", fail(), clock), slow("5s", ok("x"), clock));
    const loop = async (): Promise<void> => {
      for await (const attempt of retry.attempts({ clock, schedule: [100, 100], jitter: null })) void attempt.try(work);
    };
    await clock.run(loop());
    expect([work.calls.length, clock.nowMs()]).toEqual([3, 10_200]);
  });

  test("cuts the work of an attempt at the deadline, and ends with its error", async () => {
    const clock = virtualClock();
    const attempts = retry.attempts({ clock, deadline: "1s" });
    await expect(clock.run(block(attempts, scripted(hang())))).rejects.toMatchObject({ code: "BIDE_DEADLINE" });
  });

  test("awaits beforeRetry with the attempt that is about to begin", async () => {
    const clock = virtualClock();
    const seen: unknown[] = [];
    const beforeRetry = async (failure: { attempt: number }, { number }: { number: number }): Promise<void> => {
      await clock.sleep(5);
      seen.push(failure.attempt, number);
    };
    await clock.run(block(retry.attempts({ clock, beforeRetry, schedule: [0] }), scripted(fail(), ok())));
    expect([seen, clock.nowMs()]).toEqual([[1, 2], 5]);
  });

  test("an error in `until` is the caller's own, and ends the loop", async () => {
    const clock = virtualClock();
    const until = (): never => {
      throw new RangeError("in until");
    };
    const work = scripted(forever(ok(1)));
    await expect(clock.run(block(retry.attempts({ clock, until }), work))).rejects.toThrow("in until");
    expect(work.calls.length).toBe(1);
  });

  test("decides on a failure when the loop asks for the next attempt, not before", async () => {
    const clock = virtualClock();
    const onRetry = vi.fn();
    const budget = { deposit: vi.fn(), withdraw: vi.fn(() => true) };
    for await (const attempt of retry.attempts({ clock, onRetry, budget })) {
      await attempt.try(() => Promise.reject(new Error("no")));
      await clock.advance(1);
      break;
    }
    expect([onRetry.mock.calls.length, budget.withdraw.mock.calls.length]).toEqual([0, 0]);
  });

  test("ends after an attempt that nobody tried", async () => {
    const clock = virtualClock();
    const numbers: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const { number } of retry.attempts({ clock })) numbers.push(number);
    };
    await clock.run(loop());
    expect([numbers, clock.pending]).toEqual([[1], 0]);
  });

  test("leaves no timer and no listener when it is left with break", async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    for await (const _ of retry.attempts({ clock, signal, deadline: "1h" })) break;
    expect([clock.pending, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  });

  test("can be left with break, and begun again: each loop is a run of its own", async () => {
    const clock = virtualClock();
    const attempts = retry.attempts({ clock });
    const numbers: number[] = [];
    for (let loop = 0; loop < 2; loop++) {
      for await (const attempt of attempts) {
        numbers.push(attempt.number);
        break;
      }
    }
    expect([numbers, clock.pending]).toEqual([[1, 1], 0]);
  });
});

test("an abort in a try is that try's failure, and the loop's end; nobody has to have awaited the try", async () => {
  const controller = new AbortController();
  const seen: unknown[] = [];
  const block = async (awaits: boolean): Promise<void> => {
    for await (const attempt of retry.attempts({ signal: controller.signal })) {
      const tried = attempt.try(() => new Promise(() => undefined));
      if (awaits) seen.push(await tried);
    }
  };
  const blocks = [true, false].map((awaits) => block(awaits).catch((reason: unknown) => reason));
  await virtualClock().advance(0);
  controller.abort("enough");
  expect(await Promise.all(blocks)).toEqual(["enough", "enough"]);
  expect(seen).toMatchObject([{ ok: false, failure: { kind: "error", error: "enough", attempt: 1 } }]);
});
