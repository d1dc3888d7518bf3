import { describe, expect, test, vi } from "vitest";
import type { ErrorFailure } from "./outcome.js";
import { checkSchedule, close, type InUse, nextWait, type Schedule } from "./schedule.js";

const failure = (attempt: number): ErrorFailure => ({ kind: "error", error: "no", attempt, elapsedMs: 0 });

const broken = (): never => {
  throw new Error("in return");
};

/** The waits of a schedule for failures 1, 2, 3, … until its end. */
function waits(schedule: Schedule): readonly number[] {
  const inUse = unused();
  const seen: number[] = [];
  for (;;) {
    const wait = nextWait(inUse, schedule, failure(seen.length + 1));
    if (wait === undefined) return seen;
    seen.push(wait);
  }
}

function unused(): InUse {
  return { progress: undefined };
}

/** Two waits, and who is called how often. */
function watched(): { readonly schedule: Schedule; readonly calls: string[] } {
  const calls: string[] = [];
  const schedule = (): Iterator<number> => ({
    next: () => {
      calls.push("next");
      return calls.length > 2 ? { done: true, value: undefined } : { done: false, value: 7 };
    },
    return: () => {
      calls.push("return");
      return { done: true, value: undefined };
    },
  });
  return { schedule, calls };
}

describe("a schedule as it is used", () => {
  test.each<[title: string, schedule: Schedule]>([
    ["a list", [0, 0.5, Number.POSITIVE_INFINITY]],
    ["a set", new Set([0, 0.5, Number.POSITIVE_INFINITY])],
    [
      "a function that returns an iterator, whatever that returns at its end",
      function* () {
        yield* [0, 0.5, Number.POSITIVE_INFINITY];
        return 5 as never;
      },
    ],
  ])("%s gives its waits and ends", (_, schedule) => {
    expect(waits(schedule)).toEqual([0, 0.5, Number.POSITIVE_INFINITY]);
  });

  test("a function sees the first failure when it is called, and the later ones as they come", () => {
    const schedule = function* (first: { readonly attempt: number }): Generator<number, void, { attempt: number }> {
      const second = yield first.attempt;
      const third = yield second.attempt * 10;
      yield third.attempt * 100;
    };
    expect(waits(schedule as unknown as Schedule)).toEqual([1, 20, 300]);
  });

  test.each([5, "soon", null, undefined, {}, [1]])("a function that returns %o is refused when it is called", (odd) => {
    const message = "expected `schedule` to be a function that returns an iterator of waits, got ";
    expect(() => nextWait(unused(), () => odd as never, failure(1))).toThrow(message);
    expect(() => nextWait(unused(), () => odd as never, failure(1))).toThrow(
      expect.objectContaining({ option: "schedule" }),
    );
  });

  test.each([-1, Number.NaN, "5", null, undefined, {}])("a wait that is %o is refused", (odd) => {
    const schedule = new Set([1, odd as number]);
    const message = "expected `schedule` to be waits in milliseconds >= 0, got ";
    expect(() => waits(schedule)).toThrow(message);
    expect(() => waits(schedule)).toThrow(expect.objectContaining({ option: "schedule" }));
  });
});

describe("a schedule that is left", () => {
  test("is closed where it has begun and has not ended, once, and gives no more waits", () => {
    const { schedule, calls } = watched();
    const inUse = unused();
    nextWait(inUse, schedule, failure(1));
    for (let time = 0; time < 2; time++) close(inUse);
    expect([nextWait(inUse, schedule, failure(2)), calls]).toEqual([undefined, ["next", "return"]]);
  });

  test("is not closed where it has ended, nor asked again", () => {
    const { schedule, calls } = watched();
    const inUse = unused();
    const seen = [1, 2, 3, 4].map((number) => nextWait(inUse, schedule, failure(number)));
    close(inUse);
    expect([seen, calls]).toEqual([
      [7, 7, undefined, undefined],
      ["next", "next", "next"],
    ]);
  });

  test("is closed where its wait was refused: it does not know that it has ended", () => {
    const closed = vi.fn();
    const inUse = unused();
    const schedule = { [Symbol.iterator]: () => ({ next: () => ({ value: -1 }), return: closed }) };
    expect(() => nextWait(inUse, schedule as never, failure(1))).toThrow("waits in milliseconds >= 0");
    close(inUse);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  test.each<[title: string, schedule: Schedule | undefined]>([
    ["has not begun", undefined],
    ["is a list", [1]],
    ["has nothing to close", () => ({ next: () => ({ value: 1 }) })],
    ["cannot be closed", () => ({ next: () => ({ value: 1 }), return: 5 as never })],
    ["throws as it is closed", () => ({ next: () => ({ value: 1 }), return: broken })],
  ])("changes nothing where it %s", (_, schedule) => {
    const inUse = unused();
    if (schedule) nextWait(inUse, schedule, failure(1));
    expect(() => close(inUse)).not.toThrow();
  });
});

describe("a schedule as it is given", () => {
  const used = [1].values();
  test.each<[title: string, schedule: unknown, message: string]>([
    ["a text", "5s", "expected `schedule` to be an iterable of milliseconds or a function that returns an iterator"],
    ["an object without waits", {}, "expected `schedule` to be an iterable of milliseconds"],
    ["an iterator", used, "one run would drain it; pass the function that makes it"],
    ["an empty list", [], "expected `schedule` to hold at least one wait, got none"],
    ["a list of texts", ["5"], 'expected `schedule` to be waits in milliseconds >= 0, got `"5"` (string)'],
  ])("is refused where it is %s", (_, schedule, message) => {
    expect(() => checkSchedule(schedule as Schedule)).toThrow(message);
    expect(() => checkSchedule(schedule as Schedule)).toThrow(expect.objectContaining({ option: "schedule" }));
  });

  test("may be an infinite wait, an iterable, or a function, which is not called yet", () => {
    const never = (): never => {
      throw new Error("called");
    };
    for (const schedule of [[Number.POSITIVE_INFINITY], new Set([0]), never] as const) {
      expect(() => checkSchedule(schedule)).not.toThrow();
    }
  });
});
