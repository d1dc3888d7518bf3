import { describe, expect, test } from "vitest";
import { adviceOn, type Findings } from "./advice.js";

const WELL: Findings = {
  counts: { total: 1000, open: 0, succeeded: 1000, failed: 0 },
  totals: {
    ...{ attempts: 1000, rateLimited: 0, inputTokens: 1, outputTokens: 1, cachedTokens: 0, cost: 1, unpriced: 0 },
    ...{ currency: "USD", pricesDate: "2026-09-23", runningMs: 60_000 },
  },
  limits: { rpm: 500, tpm: 200_000, concurrency: 64 },
  bottleneck: { binds: "nothing", share: 0, requestsMs: 1, tokensMs: 1, concurrencyMs: 1 },
  failures: [],
  lastRun: { startedMs: 0, endedMs: 1, atMs: 0, ending: "done" },
  answers: 1000,
  cut: 0,
  outputBound: undefined,
};
const bound = (
  binds: "requests" | "tokens" | "concurrency",
  requestsMs: number,
  tokensMs: number,
  concurrencyMs: number,
) => ({
  bottleneck: { binds, share: 1, requestsMs, tokensMs, concurrencyMs },
});
const failed = (type: string, attempts: number) => ({ failures: [{ class: type, code: "x", status: 400, attempts }] });
const left = (ending: string) => ({
  counts: { total: 10, open: 4, succeeded: 6, failed: 0 },
  lastRun: { startedMs: 0, endedMs: 1, atMs: 0, ending },
});

describe("adviceOn", () => {
  test("says nothing where all is well", () => {
    expect(adviceOn(WELL)).toEqual([]);
  });

  test("bound by tokens: says which max_tokens would do, and how much sooner it would be done", () => {
    const outputBound = { current: 4096, enough: 700, used: 636, chargedTokens: 200_000 };

    expect(adviceOn({ ...WELL, ...bound("tokens", 10_000, 186_000, 5000), outputBound })).toEqual([
      "Bound by tokens: lower max_tokens from 4096 to 700, then 3.1 × shorter. Providers charge the bound, not the answer, and 99 of 100 answers used 636 at the most.",
    ]);
  });

  test("promises no more than the next limit allows", () => {
    const outputBound = { current: 4096, enough: 700, used: 636, chargedTokens: 20_000 };

    expect(adviceOn({ ...WELL, ...bound("tokens", 93_000, 186_000, 5000), outputBound })[0]).toContain("2.0 × shorter");
  });

  test.each<[string, Partial<Findings>, string]>([
    ["tokens without a bound to lower", bound("tokens", 1, 9, 1), "Bound by tokens: 200,000 a minute carry no more."],
    ["requests", bound("requests", 9, 1, 1), "Bound by requests: 500 a minute carry no more."],
    ["concurrency", bound("concurrency", 10, 20, 40), "raise --concurrency from 64 to 128, then 2.0 × shorter."],
    ["concurrency, limits unknown", bound("concurrency", 0, 0, 9), "Raise --concurrency until answers with 429"],
    [
      "429s, limits told",
      { totals: { ...WELL.totals, rateLimited: 100 } },
      "10% of all requests were refused with 429. Somebody",
    ],
    [
      "429s, limits untold",
      { totals: { ...WELL.totals, rateLimited: 100 }, limits: {} },
      "Tell the limits with --rpm and --tpm",
    ],
    ["cut answers", { cut: 40 }, "40 answers of 1,000 used every output token that they had, and may be cut"],
    ["a long prompt", failed("context", 1), "1 request is longer than the model can read: shorten it,"],
    ["long prompts", failed("context", 2), "2 requests are longer than the model can read: shorten them,"],
    ["no price", { totals: { ...WELL.totals, unpriced: 3 } }, "The cost of 3 answers is not known"],
    ["no money", left("quota"), "The key ran out of money"],
    ["an interrupted run", left("interrupted"), "4 requests left: run the same command again"],
    ["failed items", { counts: { total: 2, open: 0, succeeded: 1, failed: 1 } }, "1 item failed for good"],
  ])("%s", (_, change, sentence) => {
    const advice = adviceOn({ ...WELL, ...change });

    expect(advice).toHaveLength(1);
    expect(advice[0]).toContain(sentence);
  });

  test("a run that is under way is not told to be run again", () => {
    expect(adviceOn({ ...WELL, ...left("running") })).toEqual([]);
  });
});
