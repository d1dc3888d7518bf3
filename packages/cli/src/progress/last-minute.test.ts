import { expect, test } from "vitest";
import { LastMinute } from "./last-minute.js";

test("counts the growth of the last minute alone", () => {
  const rate = new LastMinute();
  for (let second = 0; second <= 60; second++) rate.perMinute(second * 1000, second * 10);

  expect(rate.perMinute(60_000, 600)).toBe(600);
  for (let second = 61; second <= 180; second++) rate.perMinute(second * 1000, 600);
  expect(rate.perMinute(180_000, 600)).toBe(0);
});

test("of a younger run, counts all of it; of its first second, nothing", () => {
  const rate = new LastMinute();

  expect(rate.perMinute(500, 60)).toBe(0);
  expect(rate.perMinute(10_000, 100)).toBe(600);
});

test("keeps few samples, however often it is asked", () => {
  const rate = new LastMinute();
  for (let ms = 0; ms < 200_000; ms += 10) rate.perMinute(ms, ms);

  expect(rate.samples).toBeLessThanOrEqual(125);
});
