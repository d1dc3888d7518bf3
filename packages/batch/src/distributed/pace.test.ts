import { expect, test } from "vitest";
import { Pace } from "./pace.js";

test("a pace is that of the last minute, and of what there is before one is over", () => {
  const pace = new Pace();
  const told = [0, 30, 60, 90, 120, 150].map((second) => pace.perMinute(second < 60 ? 0 : second, second * 1000));
  expect(told).toEqual([0, 0, 60, 90, 60, 60]);
});
