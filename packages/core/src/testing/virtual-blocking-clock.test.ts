import { expect, test } from "vitest";
import { virtualBlockingClock } from "../testing.js";

test("a virtual blocking clock moves on by what it waits and by what it is told, and keeps the waits alone", () => {
  const clock = virtualBlockingClock({ startMs: 1000 });
  clock.sleep(20);
  clock.advance("1.5s");
  expect([clock.nowMs(), clock.waitsMs]).toEqual([2520, [20]]);
});

test("a virtual blocking clock refuses a duration that is none", () => {
  expect(() => virtualBlockingClock().advance("soon" as never)).toThrow("expected `duration` to be a duration");
});
