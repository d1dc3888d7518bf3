import { expect, test } from "vitest";
import { durationMs, toMs, toPositiveMs } from "./duration.js";

test.each([
  [0, 0],
  [1.5, 1.5],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ["250ms", 250],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["1.25h", 4_500_000],
  ["10d", 864_000_000],
])("%o is a duration of %d ms", (value, ms) => {
  expect([durationMs(value), toMs(value as "1s", "wait")]).toEqual([ms, ms]);
});

test.each([
  -1,
  Number.NaN,
  "",
  "5",
  "1 s",
  "x1s",
  "1sx",
  "1.s",
  ".5s",
  "1.5.5s",
  "1e3s",
  "1w",
  "-1s",
  null,
  {},
  ["1s"],
])("%o is none", (value) => {
  expect(durationMs(value)).toBeUndefined();
  expect(() => toMs(value as "1s", "wait")).toThrow("expected `wait` to be a duration >= 0");
});

test("a time that makes no sense when it is over at once is above zero", () => {
  expect(toPositiveMs("1ms", "wait")).toBe(1);
  expect(() => toPositiveMs("0s", "wait")).toThrow('expected `wait` to be a duration > 0, got `"0s"` (string)');
});
