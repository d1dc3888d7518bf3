import { describe, expect, test } from "vitest";
import type { Decision } from "../classify/decision.js";
import { chargedTokens, readingsOf } from "./readings.js";
import { limitHitOf } from "./refusal-text.js";

const NOW_MS = Date.UTC(2026, 7, 1);

function decision(type: "rate" | "rate-long", dimension: Decision["evidence"]["dimension"]): Decision {
  const evidence = { dialect: "openai", rule: "x", status: 429, dimension };
  return { class: type, scope: "model", waitMs: undefined, reason: "", evidence };
}

describe("what headers tell of limits", () => {
  test("is read per minute, or per day where the provider counts so", () => {
    const headers = new Headers({
      "x-ratelimit-limit-requests": "14400",
      "x-ratelimit-remaining-requests": "14370",
      "x-ratelimit-limit-tokens": "18000",
      "x-ratelimit-remaining-tokens": "17997",
    });

    expect(readingsOf(headers, "groq", NOW_MS).map(({ currency }) => currency)).toEqual(["requests-day", "tokens"]);
    expect(readingsOf(headers, "openai", NOW_MS)).toEqual([
      { currency: "requests", limit: 14_400, remaining: 14_370 },
      { currency: "tokens", limit: 18_000, remaining: 17_997 },
    ]);
  });

  test.each(["-1", "", "many", "1e3", "0x10"])("is nothing where they say %j", (value) => {
    const headers = { "x-ratelimit-limit-requests": value, "x-ratelimit-remaining-requests": value };

    expect(readingsOf(new Headers(headers), "openai", NOW_MS)).toEqual([]);
  });

  test("is what this request was charged, where they say that", () => {
    expect(chargedTokens(new Headers({ "x-ratelimit-tokens-query-cost": "321" }))).toBe(321);
    expect(chargedTokens(new Headers())).toBeUndefined();
  });
});

describe("what a refusal tells of the limit", () => {
  const TPM =
    "Rate limit reached for m in organization o on tokens per min (TPM): Limit 200,000, Used 199821, Requested 2295.";

  test("is which one it was, how large it is, and what the request costs", () => {
    expect(limitHitOf(TPM, decision("rate", "tokens"))).toEqual({
      currency: "tokens",
      limit: 200_000,
      requested: 2295,
    });
    expect(limitHitOf("on requests per day (RPD): Limit 200", decision("rate-long", "requests"))).toMatchObject({
      currency: "requests-day",
      limit: 200,
    });
    expect(limitHitOf("on concurrent requests: Limit 50, Used 50", decision("rate", "requests"))).toMatchObject({
      currency: "concurrency",
      limit: 50,
    });
  });

  test("is nothing where it says requests and no time: it may be the rate, or how many were in flight", () => {
    expect(limitHitOf("Rate limit reached.", decision("rate", "requests")).currency).toBeUndefined();
    expect(limitHitOf("", decision("rate", undefined))).toEqual({
      currency: undefined,
      limit: undefined,
      requested: undefined,
    });
  });
});
