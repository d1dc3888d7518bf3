import { describe, expect, test } from "vitest";
import type { Standing } from "./standing.js";
import { progressLine, viewLines } from "./view.js";

const PLAIN = { isLively: true, hasColours: false, hasSigns: false };

const HALFWAY: Standing = {
  ...{ total: 319, done: 179, succeeded: 177, failed: 2, inFlight: 12, waiting: 128 },
  ...{ requestsPerMinute: 870, tokensPerMinute: 41_200, requestsLimit: 900, tokensLimit: 60_000, binds: "requests" },
  ...{ attempts: 190, rateLimited: 3, inputTokens: 12_300, outputTokens: 4100, cost: 0.0123, currency: "USD" },
  ...{ elapsedMs: 100_000, leftMs: 72_000 },
};
const UNKNOWN: Standing = {
  ...{
    total: 319,
    done: 0,
    succeeded: 0,
    failed: 0,
    inFlight: 4,
    waiting: 315,
    requestsPerMinute: 0,
    tokensPerMinute: 0,
  },
  ...{ attempts: 0, rateLimited: 0, inputTokens: 0, outputTokens: 0, currency: "USD", elapsedMs: 300 },
};

describe("viewLines", () => {
  test("at 60 columns", () => {
    expect(viewLines(HALFWAY, 60, PLAIN)).toEqual([
      "###############------------   56%  179/319  1 min 12 s left",
      "done 177  failed 2  in flight 12  waiting 128",
      "requests     870/min of 900    97%  binds",
      "tokens     41.2k/min of 60.0k  69%",
      "12.3k tokens in, 4.1k out  $0.012  3 x 429  1 min 40 s",
    ]);
  });

  test("shows only what is known", () => {
    expect(viewLines(UNKNOWN, 60, PLAIN)).toEqual([
      "----------------------------------------    0%  0/319",
      "done 0  failed 0  in flight 4  waiting 315",
      "requests       0/min",
      "tokens         0/min",
      "0 tokens in, 0 out  0.3 s",
    ]);
  });

  test.each([20, 33, 40, 60, 80, 200])("no line is as wide as a terminal of %i columns", (columns) => {
    const many = { ...HALFWAY, total: 1_000_000, done: 999_999, inFlight: 1000, waiting: 123_456, leftMs: 86_399_000 };
    for (const line of viewLines(many, columns, PLAIN)) expect(line.length).toBeLessThan(columns);
  });

  test("nothing is cut short by colours, which take no place", () => {
    const coloured = viewLines(HALFWAY, 60, { ...PLAIN, hasColours: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
    const plain = coloured.map((line) => line.replace(/\u001b\[\d+m/g, ""));

    expect(plain).toEqual(viewLines(HALFWAY, 60, PLAIN));
    expect(coloured).not.toEqual(plain);
  });

  test("a single failure can be seen in the bar, and all done is all of it", () => {
    const [bar = ""] = viewLines({ ...HALFWAY, total: 1000, done: 1000, failed: 1 }, 60, {
      ...PLAIN,
      hasColours: true,
    });

    expect(bar).toContain("\u001b[31m#\u001b[39m");
    expect(bar).not.toContain("-");
  });

  test("99.9 % is not 100 %", () => {
    expect(viewLines({ ...HALFWAY, total: 1000, done: 999 }, 60, PLAIN)[0]).toContain(" 99%");
  });
});

describe("progressLine", () => {
  test("says the same in one line", () => {
    expect(progressLine(HALFWAY)).toBe(
      "179/319 done (56%), 2 failed, 12 in flight, 128 waiting, 870 of 900 requests/min (bound by requests), 3 with 429, $0.012, 1 min 12 s left",
    );
  });

  test("names what binds as it is spoken of", () => {
    expect(progressLine({ ...HALFWAY, binds: "pause" })).toContain("(bound by a pause)");
    expect(progressLine({ ...HALFWAY, binds: "concurrency" })).toContain("(bound by concurrency)");
  });

  test("says only what is known", () => {
    expect(progressLine(UNKNOWN)).toBe("0/319 done (0%), 4 in flight, 315 waiting, 0 requests/min");
  });
});
