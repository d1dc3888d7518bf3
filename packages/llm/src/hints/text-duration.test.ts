import { describe, expect, test } from "vitest";
import { textDurationMs } from "./text-duration.js";

describe("a wait in words", () => {
  test.each([
    ["Please try again in 634ms. Visit https://example.com to learn more.", 634],
    ["Please try again in 1m2.5s.", 62_500],
    ["try again in 20s", 20_000],
    ["Please retry after 37 seconds.", 37_000],
    ["Please retry in 53.018s.", 53_018],
    ["Your quota will reset after 2m 13s.", 133_000],
    ["Try again in 1 hour, 5 minutes", 3_900_000],
    ["retry after 1 second 3 of your requests were slow", 1000],
    ["Please retry after 86400 seconds", 86_400_000],
    ["try again in 1d", 86_400_000],
  ])("is read from: %s", (message, ms) => {
    expect(textDurationMs(message)).toBeCloseTo(ms);
  });

  test.each(["try again later", "try again in a moment", "retry after", "took 20s", "retry in -5s", ""])(
    "is not read from: %s",
    (message) => {
      expect(textDurationMs(message)).toBeUndefined();
    },
  );

  test("is looked for in time that grows with the message, not faster", () => {
    const message = `try again in ${"1s ".repeat(20_000)}${"retry in ".repeat(2000)}`;
    const startMs = performance.now();

    textDurationMs(message);

    expect(performance.now() - startMs).toBeLessThan(200);
  });
});
