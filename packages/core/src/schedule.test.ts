import { describe, expect, test } from "vitest";
import type { ErrorFailure } from "./outcome.js";
import { begun, checkSchedule, nextWait, type Schedule } from "./schedule.js";

const failure = (attempt: number): ErrorFailure => ({ kind: "error", error: "no", attempt, elapsedMs: 0 });

/** The waits of a schedule for failures 1, 2, 3, … until its end. */
function waits(schedule: Schedule): readonly number[] {
  let progress = begun(schedule, failure(1));
  const seen: number[] = [];
  for (;;) {
    const wait = nextWait(schedule, progress, seen.length === 0 ? undefined : failure(seen.length + 1));
    if (wait === undefined) return seen;
    seen.push(wait);
    if (typeof progress === "number") progress++;
  }
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
    expect(() => begun(() => odd as never, failure(1))).toThrow(message);
    expect(() => begun(() => odd as never, failure(1))).toThrow(expect.objectContaining({ option: "schedule" }));
  });

  test.each([-1, Number.NaN, "5", null, undefined, {}])("a wait that is %o is refused", (odd) => {
    const schedule = new Set([1, odd as number]);
    const message = "expected `schedule` to be waits in milliseconds >= 0, got ";
    expect(() => waits(schedule)).toThrow(message);
    expect(() => waits(schedule)).toThrow(expect.objectContaining({ option: "schedule" }));
  });
});

describe("a schedule as it is given", () => {
  const used = [1].values();
  test.each<[title: string, schedule: unknown, message: string]>([
    ["a text", "5s", "expected `schedule` to be an iterable of milliseconds or a function that returns an iterator"],
    ["an object without waits", {}, "expected `schedule` to be an iterable of milliseconds"],
    ["an iterator", used, "would drain it for all later ones; pass the function that makes it"],
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
