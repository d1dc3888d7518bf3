import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { LiveAttempt } from "./attempt.js";
import { DeadlineError } from "./errors.js";
import { Passage } from "./passage.js";
import { virtualClock } from "./testing.js";

const hanging = (): Promise<never> => new Promise(() => undefined);

describe("a passage", () => {
  test("hands on the attempt that it was handed, and is cut with it", async () => {
    const clock = virtualClock();
    const outer = new LiveAttempt(3, undefined, { clock, startedMs: 0, deadlineMs: undefined });
    const passage = new Passage(outer, clock);
    const waiting = passage.step(hanging);
    outer.abort("cut");
    await expect(waiting).rejects.toBe("cut");
    expect(passage.attempt).toBe(outer);
    passage.end();
  });

  test("without bounds it only starts what it is told to", async () => {
    const passage = new Passage(undefined, virtualClock());
    expect(passage.step(() => 7)).toBe(7);
    expect([passage.attempt.number, passage.attempt.deadlineMs]).toEqual([1, undefined]);
    passage.end();
  });

  test("ends at the caller's deadline, and leaves no timer", async () => {
    const clock = virtualClock({ startMs: 500 });
    const passage = new Passage({ deadlineMs: 800 }, clock);
    await expect(clock.run(Promise.resolve(passage.step(hanging)))).rejects.toBeInstanceOf(DeadlineError);
    passage.end();
    expect([clock.nowMs(), clock.pending]).toEqual([800, 0]);
  });

  test("ends with the caller's signal, and leaves neither timer nor listener", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const passage = new Passage({ signal: controller.signal, deadlineMs: 1000 }, clock);
    const waiting = passage.step(hanging);
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    passage.end();
    expect([clock.pending, getEventListeners(controller.signal, "abort").length]).toEqual([0, 0]);
  });

  test.each([
    [{ signal: AbortSignal.abort("gone") }, "gone"],
    [{ deadlineMs: 0 }, expect.any(DeadlineError)],
  ])("starts nothing when it is over before it begins: %o", async (options, reason) => {
    const clock = virtualClock();
    let calls = 0;
    const passage = new Passage(options, clock);
    await expect(passage.step(() => calls++)).rejects.toEqual(reason);
    passage.end();
    expect([calls, clock.pending]).toEqual([0, 0]);
  });
});
