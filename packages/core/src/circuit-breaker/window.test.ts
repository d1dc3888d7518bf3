import { describe, expect, test } from "vitest";
import { CountWindow, TimeWindow } from "./window.js";

describe("a window of calls", () => {
  test("holds the last so many, and their failures exactly", () => {
    const window = new CountWindow(3);
    const seen = [true, false, true, true, false, false, false].map((isFailure) => {
      window.record(isFailure);
      return window.tally();
    });
    expect(seen.map(({ calls }) => calls)).toEqual([1, 2, 3, 3, 3, 3, 3]);
    expect(seen.map(({ failures }) => failures)).toEqual([1, 1, 2, 2, 2, 1, 0]);
  });

  test("is empty after it was cleared, and begins anew", () => {
    const window = new CountWindow(2);
    window.record(true);
    window.clear();
    expect(window.tally()).toEqual({ calls: 0, failures: 0 });
    window.record(false);
    expect(window.tally()).toEqual({ calls: 1, failures: 0 });
  });
});

describe("a window of time", () => {
  test("a call counts for nine tenths of the window at least, and never longer than all of it", () => {
    const window = new TimeWindow(1000);
    window.record(true, 50);
    expect(window.tally(950)).toEqual({ calls: 1, failures: 1 });
    expect(window.tally(999)).toEqual({ calls: 1, failures: 1 });
    expect(window.tally(1000)).toEqual({ calls: 0, failures: 0 });
  });

  test("forgets a tenth at a time", () => {
    const window = new TimeWindow(1000);
    for (let ms = 0; ms < 1000; ms += 100) window.record(ms < 300, ms);
    const seen = [999, 1000, 1100, 1200, 1300, 5000].map((ms) => window.tally(ms));
    expect(seen.map(({ calls }) => calls)).toEqual([10, 9, 8, 7, 6, 0]);
    expect(seen.map(({ failures }) => failures)).toEqual([3, 2, 1, 0, 0, 0]);
  });

  test("a time from before the last call belongs to the last slice", () => {
    const window = new TimeWindow(1000);
    window.record(false, 5000);
    window.record(true, 100);
    expect(window.tally(5000)).toEqual({ calls: 2, failures: 1 });
  });

  test("is empty after it was cleared", () => {
    const window = new TimeWindow(1000);
    window.record(true, 0);
    window.clear();
    expect(window.tally(0)).toEqual({ calls: 0, failures: 0 });
  });
});
