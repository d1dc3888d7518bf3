import { describe, expect, test } from "vitest";
import { goDurationMs } from "./go-duration.js";

describe("a duration as Go prints it", () => {
  test.each([
    ["12ms", 12],
    ["1s", 1000],
    ["6m0s", 360_000],
    ["1h2m3.5s", 3_723_500],
    ["2m59.56s", 179_560],
    ["7.66s", 7660],
    ["250µs", 0.25],
    ["0s", 0],
    ["24h0m0s", 86_400_000],
  ])("%s is %d ms", (text, ms) => {
    expect(goDurationMs(text)).toBeCloseTo(ms);
  });

  test.each(["", "5", "s", "-1s", "1s ", "1 s", "1x", "1h2"])("%j is none", (text) => {
    expect(goDurationMs(text)).toBeUndefined();
  });
});
