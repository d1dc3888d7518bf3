import { describe, expect, test } from "vitest";
import type { Refused } from "../arrival.js";
import type { Dimension, Limits } from "../limiter.js";
import type { ScopedShortage } from "../scopes.js";
import type { Dialect, Gauge, Gauges, Problem } from "./dialect.js";
import { goDuration } from "./go-duration.js";
import { dialectNamed } from "./named.js";

const WALL_MS = Date.UTC(2026, 10, 24, 12, 0, 0);

/** Limits with something used, as gauges. */
function gauges(limits: Limits, resetMs = 1500): Gauges {
  const of = (dimension: Dimension): Gauge | undefined => {
    const limit = limits[dimension];
    return limit === undefined ? undefined : { limit, remaining: limit - 10, resetMs };
  };
  return {
    wallNowMs: WALL_MS,
    costTokens: 42,
    of: (dimension, scope) => (scope === "organization" ? undefined : of(dimension)),
  };
}

/** A 429 for tokens per minute: OpenAI's recorded numbers. */
function limited(dimension: Dimension = "tpm", waitMs = 634.8, scope: Partial<ScopedShortage> = {}): Problem {
  const shortage: ScopedShortage = {
    dimension,
    limit: 200_000,
    used: 199_821,
    requested: 2295,
    waitMs,
    scope: "organization",
    stacked: false,
    ...scope,
  };
  const cost = { tokens: 2295, input: 2295, output: 0 };
  const refused: Refused = { verdict: "rate-limited", attempt: 1, cost, shortage, waitMs, hintMs: 635 };
  return { kind: "rate-limited", model: "gpt-x", requestId: "req_1", refused, waitMs };
}

function bodyOf(dialect: Dialect, problem: Problem): unknown {
  return JSON.parse(dialect.problem(problem).body);
}

test.each([
  [0, "0s"],
  [12, "12ms"],
  [1000, "1s"],
  [7660, "7.66s"],
  [60_000, "1m0s"],
  [179_560, "2m59.56s"],
  [360_000, "6m0s"],
  [3_723_500, "1h2m3.5s"],
])("%d ms is %s in Go", (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});

describe("openai", () => {
  const openai = dialectNamed("openai");

  test("words a refusal as recorded: the text truncates the wait, the header rounds it up", () => {
    expect(bodyOf(openai, limited())).toEqual({
      error: {
        message:
          "Rate limit reached for gpt-x in organization org-emu on tokens per min (TPM): Limit 200000, Used 199821, Requested 2295. Please try again in 634ms. Visit https://platform.openai.com/account/rate-limits to learn more.",
        type: "tokens",
        param: null,
        code: "rate_limit_exceeded",
      },
    });
    expect(openai.hintHeaders(635, WALL_MS)).toEqual({ "retry-after": "1", "retry-after-ms": "635" });
  });

  test("names the project where it stands beside an organisation", () => {
    const whose = (stacked: boolean): string =>
      openai.problem(limited("tpm", 634.8, { scope: "project", stacked })).body;
    expect(whose(true)).toContain("gpt-x in project proj-emu on tokens per min");
    expect(whose(false)).toContain("gpt-x in organization org-emu on tokens per min");
  });

  test("only OpenAI and its likes tell how long they took", () => {
    expect(openai.replyHeaders("req_1", 12)).toEqual({ "x-request-id": "req_1", "openai-processing-ms": "12" });
    expect(dialectNamed("anthropic").replyHeaders("req_1", 12)).toEqual({ "request-id": "req_1" });
    expect(dialectNamed("gemini").replyHeaders("req_1", 12)).toEqual({});
  });

  test("sends six headers", () => {
    expect(openai.rateHeaders(gauges({ rpm: 5000, tpm: 160_000 }, 12), false)).toEqual({
      "x-ratelimit-limit-requests": "5000",
      "x-ratelimit-remaining-requests": "4990",
      "x-ratelimit-reset-requests": "12ms",
      "x-ratelimit-limit-tokens": "160000",
      "x-ratelimit-remaining-tokens": "159990",
      "x-ratelimit-reset-tokens": "12ms",
    });
  });
});

describe("azure", () => {
  const azure = dialectNamed("azure");

  test("names the operation, and tells what never fits to come back in a day", () => {
    expect(azure.problem({ ...limited(), route: "embeddings" }).body).toMatch(
      /^.*Requests to the Embeddings_Create Op/,
    );
    expect(azure.problem({ ...limited(), kind: "too-large" }).body).toContain("Please retry after 86400 seconds.");
    expect(bodyOf(dialectNamed("azure:foundry"), limited("rpm"))).toMatchObject({
      error: { code: "RateLimitReached", message: expect.stringContaining("have exceeded the call rate limit for") },
    });
    expect(bodyOf(azure, { ...limited(), kind: "not-found" })).toMatchObject({ error: { code: "DeploymentNotFound" } });
    expect(bodyOf(azure, { ...limited(), kind: "unauthorized" })).toMatchObject({ error: { code: "401" } });
  });

  test("says 429 as a text, whole seconds, and the wait in a sentence", () => {
    expect(bodyOf(azure, limited("tpm", 36_001))).toMatchObject({
      error: {
        code: "429",
        message: expect.stringMatching(/exceeded token rate limit .* Please retry after 37 seconds/),
      },
    });
    expect(azure.hintHeaders(36_001, WALL_MS)).toEqual({
      "retry-after": "37",
      "retry-after-ms": "36001",
      "x-ms-retry-after-ms": "36001",
    });
    expect(azure.rateHeaders(gauges({ rpm: 60 }), false)).toMatchObject({ "x-ratelimit-reset-requests": "2" });
  });

  test("can be as unknowing as its Responses API was seen", () => {
    const unknowing = dialectNamed("azure:unknown");
    expect(unknowing.rateHeaders(gauges({ tpm: 60 }), false)).toEqual({
      "x-ratelimit-limit-tokens": "-1",
      "x-ratelimit-remaining-tokens": "-1",
      "x-ratelimit-reset-tokens": "0",
    });
    expect(unknowing.hintHeaders(635, WALL_MS)).toEqual({});
  });
});

describe("anthropic", () => {
  test("dates resets, rounds tokens to thousands, and adds input and output up", () => {
    expect(dialectNamed("anthropic").rateHeaders(gauges({ rpm: 50, itpm: 80_000, otpm: 16_000 }), false)).toEqual({
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "40",
      "anthropic-ratelimit-requests-reset": "2026-11-24T12:00:02Z",
      "anthropic-ratelimit-tokens-limit": "96000",
      "anthropic-ratelimit-tokens-remaining": "96000",
      "anthropic-ratelimit-tokens-reset": "2026-11-24T12:00:02Z",
      "anthropic-ratelimit-input-tokens-limit": "80000",
      "anthropic-ratelimit-input-tokens-remaining": "80000",
      "anthropic-ratelimit-input-tokens-reset": "2026-11-24T12:00:02Z",
      "anthropic-ratelimit-output-tokens-limit": "16000",
      "anthropic-ratelimit-output-tokens-remaining": "16000",
      "anthropic-ratelimit-output-tokens-reset": "2026-11-24T12:00:02Z",
    });
  });

  test("has its own error shape", () => {
    expect(bodyOf(dialectNamed("anthropic"), limited())).toMatchObject({
      type: "error",
      error: { type: "rate_limit_error" },
      request_id: "req_1",
    });
  });
});

test.each([
  ["openai", "maximum context length is 100 tokens. However, your messages resulted in 120 tokens"],
  ["azure", "maximum context length is 100 tokens. However, your messages resulted in 120 tokens"],
  ["anthropic", "prompt is too long: 120 tokens > 100 maximum"],
  ["gemini", "The input token count (120) exceeds the maximum number of tokens allowed (100)."],
  ["mistral", "Prompt contains 120 tokens, too large for model with 100 maximum context length"],
  ["openrouter", "maximum context length is 100 tokens"],
])("%s has its own words for a prompt that is too long", (name, words) => {
  const problem: Problem = { kind: "context", model: "m", requestId: "r", context: { tokens: 120, most: 100 } };
  expect(dialectNamed(name).problem(problem).body).toContain(words);
});

describe("the others", () => {
  test("groq's requests are per day", () => {
    const headers = dialectNamed("groq").rateHeaders(gauges({ rpm: 30, rpd: 14_400, tpm: 6000 }, 179_560), false);
    expect(headers).toMatchObject({ "x-ratelimit-limit-requests": "14400", "x-ratelimit-reset-requests": "2m59.56s" });
    expect(headers).toMatchObject({ "x-ratelimit-limit-tokens": "6000" });
    expect(dialectNamed("groq").problem({ ...limited(), kind: "overloaded" }).status).toBe(498);
    expect(dialectNamed("groq").problem({ ...limited(), kind: "too-large" }).status).toBe(413);
  });

  test("mistral tells the charge and wraps no error", () => {
    expect(dialectNamed("mistral").rateHeaders(gauges({ tpm: 100 }), false)).toMatchObject({
      "x-ratelimit-remaining-tokens-minute": "90",
      "x-ratelimit-tokens-query-cost": "42",
    });
    expect(bodyOf(dialectNamed("mistral"), limited())).toMatchObject({
      object: "error",
      type: "rate_limited",
      code: "1300",
    });
  });

  test("openrouter has headers on its own refusals only, reset in epoch milliseconds", () => {
    const openrouter = dialectNamed("openrouter");
    expect(openrouter.rateHeaders(gauges({ rpm: 20 }), false)).toEqual({});
    expect(openrouter.rateHeaders(gauges({ rpm: 20 }), true)).toMatchObject({
      "x-ratelimit-reset": `${WALL_MS + 1500}`,
    });
    expect(bodyOf(openrouter, limited())).toMatchObject({
      error: { code: 429, metadata: { error_type: "rate_limit_exceeded" } },
    });
  });

  test("gemini tells the wait in the body alone, and whether it is a matter of days", () => {
    const gemini = dialectNamed("gemini");
    expect(gemini.hintHeaders(635, WALL_MS)).toEqual({});
    expect(JSON.stringify(bodyOf(gemini, limited()))).toContain('"retryDelay":"0.635s"');
    expect(gemini.problem(limited("rpd")).body).toContain('"GenerateRequestsPerDayPerProjectPerModel-FreeTier"');
    expect(gemini.problem(limited()).body).toContain('"GenerateContentInputTokensPerModelPerMinute-FreeTier"');
  });

  test("silent gives no hint, not even in the text", () => {
    const silent = dialectNamed("silent");
    expect([silent.rateHeaders(gauges({ rpm: 5 }), true), silent.hintHeaders(5, WALL_MS)]).toEqual([{}, {}]);
    expect(silent.problem(limited()).body).not.toContain("try again");
  });

  test.each([
    ["lying:short", { "retry-after": "1", "retry-after-ms": "100" }, "in 100ms"],
    ["lying:long", { "retry-after": "10", "retry-after-ms": "10000" }, "in 10s"],
    ["lying:garbage", { "retry-after": "soon", "retry-after-ms": "NaN" }, undefined],
    ["lying:past-date", { "retry-after": "Tue, 24 Nov 2026 11:00:00 GMT" }, undefined],
    ["lying:three-days", { "retry-after": "259200", "retry-after-ms": "259200000" }, "in 72h0m0s"],
  ])("%s lies", (name, headers, text) => {
    const liar = dialectNamed(name);
    expect(liar.hintHeaders(1000, WALL_MS)).toEqual(headers);
    const { body } = liar.problem(limited("tpm", 1000));
    if (text === undefined) expect(body).not.toContain("try again");
    else expect(body).toContain(text);
  });

  test("an unknown name is refused with all known ones", () => {
    expect(() => dialectNamed("cohere")).toThrow(/one of openai, azure, .*got `cohere`/);
  });
});
