import { describe, expect, test } from "vitest";
import { resetMs, violatedResetMs } from "./reset.js";

const NOW_MS = Date.UTC(2026, 7, 1, 12, 0, 0);

describe("the value of a reset header", () => {
  test.each([
    ["6m0s", 360_000],
    ["30", 30_000],
    ["1.5", 1500],
    [String(NOW_MS / 1000 + 20), 20_000],
    [String(NOW_MS + 1500), 1500],
    ["2026-08-01T12:00:10Z", 10_000],
  ])("%s is %d ms from now", (value, ms) => {
    expect(resetMs(value, NOW_MS)).toBeCloseTo(ms);
  });

  test.each(["", "-1", "soon", "NaN", "2026-08-01T11:00:00Z", String(NOW_MS - 5000), null])("%s is none", (value) => {
    expect(resetMs(value, NOW_MS)).toBeUndefined();
  });
});

describe("the reset of the limit that was hit", () => {
  const openai = new Headers({ "x-ratelimit-reset-requests": "12ms", "x-ratelimit-reset-tokens": "6s" });

  test("is that of the limit that the answer names, and of no other", () => {
    expect(violatedResetMs(openai, "tokens", NOW_MS)).toBe(6000);
    expect(violatedResetMs(openai, "requests", NOW_MS)).toBe(12);
  });

  test("is that of the limit that is empty where the answer names none", () => {
    const headers = new Headers(openai);
    headers.set("x-ratelimit-remaining-requests", "499");
    headers.set("x-ratelimit-remaining-tokens", "0");

    expect(violatedResetMs(headers, undefined, NOW_MS)).toBe(6000);
  });

  test("is not guessed where no limit is named and none is empty", () => {
    expect(violatedResetMs(openai, undefined, NOW_MS)).toBeUndefined();
  });

  test.each([
    [{ "anthropic-ratelimit-input-tokens-reset": "2026-08-01T12:00:07Z" }, "input-tokens", 7000],
    [{ "x-ratelimit-reset": String(NOW_MS + 9000) }, undefined, 9000],
    [{ ratelimit: '"default";r=0;t=30' }, undefined, 30_000],
    [{ "x-ratelimit-reset-tokens-minute": "21.5" }, "tokens", 21_500],
  ] as const)("is read in every provider's spelling: %j", (headers, dimension, ms) => {
    expect(violatedResetMs(new Headers(headers), dimension, NOW_MS)).toBe(ms);
  });
});
