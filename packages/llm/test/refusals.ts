import type { DecisionClass, Scope } from "../src/classify/decision.js";

/** An answer as a provider sent it, or as its documentation shows it, and what it means. */
export interface Refusal {
  readonly name: string;
  readonly host: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or text as it came. */
  readonly body: unknown;
  readonly class: DecisionClass;
  readonly scope?: Scope;
  readonly waitMs?: number;
  readonly dialect?: string;
}

const OPENAI = "https://api.openai.com/v1/chat/completions";
const AZURE = "https://unit.openai.azure.com/openai/deployments/gpt/chat/completions";
const ANTHROPIC = "https://api.anthropic.com/v1/messages";
const GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent";
const MISTRAL = "https://api.mistral.ai/v1/chat/completions";
const GROQ = "https://api.groq.com/openai/v1/chat/completions";
const OPENROUTER = "https://openrouter.ai/api/v1/chat/completions";
const LOCAL = "http://127.0.0.1:8000/v1/chat/completions";

function openaiError(message: string, type: string | null, code: string | null): unknown {
  return { error: { message, type, param: null, code } };
}

function anthropicError(type: string, message: string): unknown {
  return { type: "error", error: { type, message }, request_id: "req_1" };
}

function geminiError(code: number, status: string, message: string, details: readonly unknown[] = []): unknown {
  return { error: { code, message, status, details } };
}

function geminiQuota(quotaId: string): unknown {
  return { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaMetric: "m", quotaId }] };
}

const OPENAI_REFUSALS: readonly Refusal[] = [
  {
    name: "OpenAI: tokens per minute",
    host: OPENAI,
    status: 429,
    body: openaiError(
      "Rate limit reached for gpt-x in organization org-1 on tokens per min (TPM): Limit 200000, Used 199821, Requested 2295. Please try again in 634ms. Visit https://example.com to learn more.",
      "tokens",
      "rate_limit_exceeded",
    ),
    class: "rate",
    scope: "model",
    waitMs: 634,
    dialect: "openai",
  },
  {
    name: "OpenAI: requests per minute, with headers",
    host: OPENAI,
    status: 429,
    headers: { "retry-after-ms": "1200", "retry-after": "2" },
    body: openaiError(
      "Rate limit reached for gpt-x on requests per min (RPM): Limit 500, Used 500, Requested 1.",
      "requests",
      "rate_limit_exceeded",
    ),
    class: "rate",
    waitMs: 1200,
  },
  {
    name: "OpenAI: requests per day",
    host: OPENAI,
    status: 429,
    body: openaiError(
      "Rate limit reached for gpt-x on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.",
      "requests",
      "rate_limit_exceeded",
    ),
    class: "rate-long",
    waitMs: 432_000,
  },
  {
    name: "OpenAI: tokens per day",
    host: OPENAI,
    status: 429,
    body: openaiError("Rate limit reached on tokens per day (TPD): Limit 2000000.", "tokens", "rate_limit_exceeded"),
    class: "rate-long",
  },
  {
    name: "OpenAI: larger than the limit",
    host: OPENAI,
    status: 429,
    body: openaiError(
      "Request too large for gpt-x in organization org-1 on tokens per min (TPM): Limit 30000, Requested 31245. The input or output tokens must be reduced in order to run successfully.",
      "tokens",
      "rate_limit_exceeded",
    ),
    class: "too-big",
    scope: "request",
  },
  {
    name: "OpenAI: called too large, and is not",
    host: OPENAI,
    status: 429,
    body: openaiError(
      "Request too large for gpt-x on tokens per min (TPM): Limit 30000, Requested 29000. The input or output tokens must be reduced.",
      "tokens",
      "rate_limit_exceeded",
    ),
    class: "rate",
  },
  ...[
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
  ].map(
    (code): Refusal => ({
      name: `OpenAI: ${code}`,
      host: OPENAI,
      status: 429,
      headers: { "retry-after": "20", "x-should-retry": "true" },
      body: openaiError("You exceeded your current quota.", "insufficient_quota", code),
      class: "quota",
      scope: "key",
      waitMs: 20_000,
    }),
  ),
  {
    name: "OpenAI: slow down",
    host: OPENAI,
    status: 429,
    body: openaiError("Slow down.", "rate_limit_error", "slow_down"),
    class: "ramp",
    scope: "key",
  },
  {
    name: "OpenAI: slow down, the older form",
    host: OPENAI,
    status: 503,
    body: openaiError("Slow down.", null, "slow_down"),
    class: "ramp",
  },
  {
    name: "OpenAI: overloaded",
    host: OPENAI,
    status: 503,
    body: openaiError("The server is overloaded.", "service_unavailable_error", "server_is_overloaded"),
    class: "overload",
    scope: "host",
  },
  {
    name: "OpenAI: server error",
    host: OPENAI,
    status: 500,
    body: openaiError("The server had an error.", "server_error", null),
    class: "transient",
  },
  {
    name: "OpenAI: context length",
    host: OPENAI,
    status: 400,
    body: openaiError("maximum context length is 8192", "invalid_request_error", "context_length_exceeded"),
    class: "context",
  },
  {
    name: "OpenAI: content",
    host: OPENAI,
    status: 400,
    body: openaiError("rejected", "image_generation_user_error", "content_policy_violation"),
    class: "content-filter",
  },
  {
    name: "OpenAI: content, by its code",
    host: OPENAI,
    status: 400,
    body: openaiError("rejected", "invalid_request_error", "content_filter"),
    class: "content-filter",
  },
  {
    name: "OpenAI: wrong key",
    host: OPENAI,
    status: 401,
    body: openaiError("Incorrect API key provided: sk-abc.", "invalid_request_error", "invalid_api_key"),
    class: "auth",
    scope: "key",
  },
  {
    name: "OpenAI: region",
    host: OPENAI,
    status: 403,
    body: openaiError("Country not supported", "request_forbidden", "unsupported_country_region_territory"),
    class: "auth",
    scope: "model",
  },
  {
    name: "OpenAI: no such model",
    host: OPENAI,
    status: 404,
    body: openaiError("The model does not exist", "invalid_request_error", "model_not_found"),
    class: "not-found",
  },
  {
    name: "OpenAI: conflict",
    host: OPENAI,
    status: 409,
    body: openaiError("conflict", null, null),
    class: "transient",
  },
  { name: "OpenAI: too large to send", host: OPENAI, status: 413, body: "", class: "invalid" },
  {
    name: "OpenAI: unprocessable",
    host: OPENAI,
    status: 422,
    body: openaiError("bad", "invalid_request_error", null),
    class: "invalid",
  },
];

const AZURE_REFUSALS: readonly Refusal[] = [
  {
    name: "Azure: token rate limit",
    host: AZURE,
    status: 429,
    body: {
      error: {
        code: "429",
        message:
          "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-06-01 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 37 seconds.",
      },
    },
    class: "rate",
    waitMs: 37_000,
    dialect: "azure",
  },
  {
    name: "Azure: a whole day",
    host: AZURE,
    status: 429,
    body: { error: { code: "429", message: "have exceeded call rate limit. Please retry after 86400 seconds." } },
    class: "rate-long",
    waitMs: 86_400_000,
  },
  {
    name: "Azure AI Foundry: doubly encoded",
    host: "https://unit.services.ai.azure.com/models/chat/completions",
    status: 429,
    headers: { "x-ms-retry-after-ms": "4000" },
    body: {
      error: {
        message: JSON.stringify({
          error: { code: "RateLimitReached", message: "Rate limit of 50000 per 60s exceeded for UserByModelByMinute." },
        }),
      },
    },
    class: "rate",
    waitMs: 4000,
  },
  {
    name: "Azure AI Foundry: rate limit",
    host: "https://unit.services.ai.azure.com/models/chat/completions",
    status: 429,
    headers: { "retry-after": "7" },
    body: {
      error: { code: "RateLimitReached", message: "Rate limit of 50000 per 60s exceeded for UserByModelByMinute." },
    },
    class: "rate",
    waitMs: 7000,
    dialect: "azure",
  },
  {
    name: "Azure: content filter",
    host: AZURE,
    status: 400,
    body: {
      error: {
        code: "content_filter",
        message: "The response was filtered",
        innererror: {
          code: "ResponsibleAIPolicyViolation",
          content_filter_result: { hate: { filtered: true, severity: "high" } },
        },
      },
    },
    class: "content-filter",
  },
];

const ANTHROPIC_REFUSALS: readonly Refusal[] = [
  {
    name: "Anthropic: rate limit",
    host: ANTHROPIC,
    status: 429,
    headers: { "retry-after": "12" },
    body: anthropicError("rate_limit_error", "This request would exceed your organization's rate limit"),
    class: "rate",
    waitMs: 12_000,
    dialect: "anthropic",
  },
  {
    name: "Anthropic: acceleration",
    host: ANTHROPIC,
    status: 429,
    body: anthropicError("rate_limit_error", "Your usage hit an acceleration limit; ramp up traffic gradually"),
    class: "ramp",
  },
  {
    name: "Anthropic: spending cap",
    host: ANTHROPIC,
    status: 429,
    body: anthropicError(
      "rate_limit_error",
      "You have reached your specified spend limit (enforced_spend_limit_reached)",
    ),
    class: "quota",
    scope: "key",
  },
  {
    name: "Anthropic: the tier's spending cap, without a hint",
    host: ANTHROPIC,
    status: 429,
    body: anthropicError("rate_limit_error", "You have reached your API usage limits: monthly spend limit reached"),
    class: "quota",
    scope: "key",
  },
  {
    name: "Anthropic: billing",
    host: ANTHROPIC,
    status: 402,
    body: anthropicError("billing_error", "There is an issue with your billing"),
    class: "quota",
  },
  {
    name: "Anthropic: credit balance",
    host: ANTHROPIC,
    status: 400,
    body: anthropicError("invalid_request_error", "Your credit balance is too low to access the API"),
    class: "quota",
  },
  {
    name: "Anthropic: overloaded",
    host: ANTHROPIC,
    status: 529,
    body: anthropicError("overloaded_error", "Overloaded"),
    class: "overload",
  },
  {
    name: "Anthropic: server",
    host: ANTHROPIC,
    status: 500,
    body: anthropicError("api_error", "Internal server error"),
    class: "transient",
  },
  {
    name: "Anthropic: timed out",
    host: ANTHROPIC,
    status: 504,
    body: anthropicError("timeout_error", "The request timed out"),
    class: "transient",
  },
  {
    name: "Anthropic: conflict",
    host: ANTHROPIC,
    status: 409,
    body: anthropicError("conflict_error", "conflict"),
    class: "transient",
  },
  {
    name: "Anthropic: prompt too long",
    host: ANTHROPIC,
    status: 400,
    headers: { "x-should-retry": "false" },
    body: anthropicError("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    class: "context",
  },
  {
    name: "Anthropic: request too large",
    host: ANTHROPIC,
    status: 413,
    body: anthropicError("request_too_large", "Request exceeds the maximum size"),
    class: "invalid",
  },
  {
    name: "Anthropic: request too large, from the edge",
    host: ANTHROPIC,
    status: 413,
    body: "<html><head><title>413 Request Entity Too Large</title></head></html>",
    class: "invalid",
  },
  {
    name: "Anthropic: wrong key",
    host: ANTHROPIC,
    status: 401,
    body: anthropicError("authentication_error", "invalid x-api-key"),
    class: "auth",
    scope: "key",
  },
];

const GEMINI_REFUSALS: readonly Refusal[] = [
  {
    name: "Gemini: requests per minute",
    host: GEMINI,
    status: 429,
    body: geminiError(
      429,
      "RESOURCE_EXHAUSTED",
      "You exceeded your current quota, please check your plan and billing details. Please retry in 34.4s.",
      [
        geminiQuota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" },
      ],
    ),
    class: "rate",
    waitMs: 34_400,
    dialect: "gemini",
  },
  {
    name: "Gemini: requests per day",
    host: GEMINI,
    status: 429,
    body: geminiError(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", [
      geminiQuota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "20s" },
    ]),
    class: "rate-long",
    waitMs: 20_000,
  },
  {
    name: "Gemini: in words alone",
    host: GEMINI,
    status: 429,
    body: geminiError(429, "RESOURCE_EXHAUSTED", "Please retry in 53.01s."),
    class: "rate",
    waitMs: 53_010,
  },
  {
    name: "Gemini: a spending limit of ten minutes",
    host: GEMINI,
    status: 429,
    body: geminiError(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    class: "rate",
    scope: "model",
  },
  {
    name: "Gemini: overloaded",
    host: GEMINI,
    status: 503,
    body: geminiError(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    class: "overload",
  },
  { name: "Gemini: internal", host: GEMINI, status: 500, body: geminiError(500, "INTERNAL", "x"), class: "transient" },
  {
    name: "Gemini: deadline",
    host: GEMINI,
    status: 504,
    body: geminiError(504, "DEADLINE_EXCEEDED", "x"),
    class: "transient",
  },
  { name: "Gemini: payment", host: GEMINI, status: 402, body: "", class: "quota" },
  {
    name: "Gemini: payment, as a failed precondition",
    host: GEMINI,
    status: 402,
    body: geminiError(402, "FAILED_PRECONDITION", "Billing is not enabled for this project."),
    class: "quota",
    scope: "key",
  },
  {
    name: "Gemini: invalid",
    host: GEMINI,
    status: 400,
    body: geminiError(400, "INVALID_ARGUMENT", "bad field"),
    class: "invalid",
  },
  {
    name: "Gemini: precondition",
    host: GEMINI,
    status: 400,
    body: geminiError(400, "FAILED_PRECONDITION", "User location is not supported"),
    class: "invalid",
  },
  {
    name: "Gemini: too long",
    host: GEMINI,
    status: 400,
    body: geminiError(400, "INVALID_ARGUMENT", "The input token count (1100000) exceeds the maximum"),
    class: "context",
  },
  {
    name: "Gemini: wrong key",
    host: GEMINI,
    status: 400,
    body: geminiError(400, "INVALID_ARGUMENT", "API key not valid.", [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" },
    ]),
    class: "auth",
    scope: "key",
  },
];

const OTHER_REFUSALS: readonly Refusal[] = [
  {
    name: "Mistral: rate limit, without an error around it",
    host: MISTRAL,
    status: 429,
    body: { object: "error", message: "Rate limit exceeded", type: "rate_limited", param: null, code: "1300" },
    class: "rate",
    dialect: "mistral",
  },
  {
    name: "Groq: tokens",
    host: GROQ,
    status: 429,
    headers: { "retry-after": "8" },
    body: openaiError("Rate limit reached for model", "tokens", "rate_limit_exceeded"),
    class: "rate",
    waitMs: 8000,
    dialect: "groq",
  },
  {
    name: "Groq: requests, of the day",
    host: GROQ,
    status: 429,
    body: openaiError(
      "Rate limit reached for model `m` on requests per day (RPD): Limit 1000, Used 1000, Requested 1. Please try again in 1m26.4s.",
      "requests",
      "rate_limit_exceeded",
    ),
    class: "rate-long",
    waitMs: 86_400,
    dialect: "groq",
  },
  {
    name: "Groq: no capacity",
    host: GROQ,
    status: 498,
    body: openaiError("Flex tier capacity exceeded", "x", "capacity_exceeded"),
    class: "overload",
  },
  { name: "Groq: 422", host: GROQ, status: 422, body: openaiError("unprocessable", null, null), class: "transient" },
  {
    name: "Groq: larger than the limit",
    host: GROQ,
    status: 413,
    body: openaiError(
      "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 7000",
      "tokens",
      "rate_limit_exceeded",
    ),
    class: "too-big",
  },
  ...(
    [
      ["rate_limit_exceeded", 429, "rate"],
      ["provider_overloaded", 503, "overload"],
      ["provider_unavailable", 502, "transient"],
      ["timeout", 504, "transient"],
      ["payment_required", 402, "quota"],
      ["context_length_exceeded", 400, "context"],
      ["content_policy_violation", 403, "content-filter"],
      ["refusal", 400, "content-filter"],
    ] as const
  ).map(
    ([error_type, code, type]): Refusal => ({
      name: `OpenRouter: ${error_type}`,
      host: OPENROUTER,
      status: code,
      body: { error: { code, message: "x", metadata: { error_type, provider_code: "y" } } },
      class: type,
      dialect: "openrouter",
    }),
  ),
  {
    name: "OpenRouter: a 404 that may heal",
    host: OPENROUTER,
    status: 404,
    body: {
      error: {
        code: 404,
        message: "No endpoints found",
        availability: { code: "temporarily_unavailable", retryable: true, retry_after: 12 },
      },
    },
    class: "transient",
    waitMs: 12_000,
  },
  {
    name: "OpenRouter: an error inside a 200",
    host: OPENROUTER,
    status: 200,
    body: { error: { code: 429, message: "x", metadata: { error_type: "rate_limit_exceeded" } } },
    class: "rate",
  },
  {
    name: "vLLM: context",
    host: LOCAL,
    status: 400,
    body: {
      error: {
        message: "This model's maximum context length is 4096 tokens.",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
    },
    class: "context",
    dialect: "vllm",
  },
  {
    name: "vLLM: bad request",
    host: LOCAL,
    status: 400,
    body: { error: { message: "x", type: "BadRequestError", param: null, code: 400 } },
    class: "invalid",
  },
  {
    name: "vLLM: engine died",
    host: LOCAL,
    status: 500,
    body: { error: { message: "EngineCore died", type: "InternalServerError", param: null, code: 500 } },
    class: "transient",
  },
  {
    name: "llama.cpp: context",
    host: LOCAL,
    status: 400,
    body: { error: { code: 400, message: "x", type: "exceed_context_size_error", n_prompt_tokens: 9, n_ctx: 8 } },
    class: "context",
    dialect: "llama.cpp",
  },
  {
    name: "llama.cpp: loading",
    host: LOCAL,
    status: 503,
    body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
    class: "overload",
  },
  {
    name: "llama.cpp: server error",
    host: LOCAL,
    status: 500,
    body: { error: { code: 500, message: "x", type: "server_error" } },
    class: "transient",
  },
  {
    name: "llama.cpp: too large to process",
    host: LOCAL,
    status: 500,
    headers: { "x-llama-server": "1" },
    body: {
      error: { code: 500, message: "input is too large to process. increase the batch size", type: "server_error" },
    },
    class: "context",
  },
  ...(
    [
      [429, "rate"],
      [502, "transient"],
      [503, "overload"],
      [504, "transient"],
      [520, "transient"],
      [521, "transient"],
      [522, "transient"],
      [523, "transient"],
      [524, "transient"],
    ] as const
  ).map(
    ([status, type]): Refusal => ({
      name: `a proxy's HTML ${status}`,
      host: LOCAL,
      status,
      body: "<html><body>error</body></html>",
      class: type,
      dialect: "generic",
    }),
  ),
  { name: "408", host: LOCAL, status: 408, body: "", class: "transient" },
  { name: "an unknown 4xx", host: LOCAL, status: 418, body: "", class: "invalid" },
];

/** Every way of refusing that the layer knows, provider by provider. */
export const REFUSALS: readonly Refusal[] = [
  ...OPENAI_REFUSALS,
  ...AZURE_REFUSALS,
  ...ANTHROPIC_REFUSALS,
  ...GEMINI_REFUSALS,
  ...OTHER_REFUSALS,
];
