import type { Dialect, Gauge, Gauges, HeaderFields, Problem, ProblemKind, Wording } from "./dialect.js";
import { htmlGateway } from "./openai.js";

/** Anthropic: dates as RFC 3339, remaining tokens rounded to thousands, errors with a type at the top. */
export const anthropic: Dialect = {
  name: "anthropic",
  defaults: { cost: "anthropic", countRejected: false },
  replyHeaders: (requestId) => ({ "request-id": requestId }),
  rateHeaders,
  hintHeaders: (hintMs) => ({ "retry-after": String(Math.ceil(hintMs / 1000)) }),
  problem: anthropicProblem,
};

function rateHeaders(gauges: Gauges): HeaderFields {
  const headers: Record<string, string> = {};
  const input = gauges.of("itpm");
  const output = gauges.of("otpm");
  addGauge(headers, "requests", gauges.of("rpm"), gauges.wallNowMs, 1);
  addGauge(headers, "tokens", gauges.of("tpm") ?? both(input, output), gauges.wallNowMs, 1000);
  addGauge(headers, "input-tokens", input, gauges.wallNowMs, 1000);
  addGauge(headers, "output-tokens", output, gauges.wallNowMs, 1000);
  return headers;
}

/** Input and output together, as a recorded reply shows: 96000 = 80000 + 16000. */
function both(input: Gauge | undefined, output: Gauge | undefined): Gauge | undefined {
  if (input === undefined || output === undefined) return undefined;
  return {
    limit: input.limit + output.limit,
    remaining: input.remaining + output.remaining,
    resetMs: Math.max(input.resetMs, output.resetMs),
  };
}

function addGauge(
  headers: Record<string, string>,
  unit: string,
  gauge: Gauge | undefined,
  wallNowMs: number,
  rounding: number,
): void {
  if (gauge === undefined) return;
  const name = `anthropic-ratelimit-${unit}`;
  headers[`${name}-limit`] = String(gauge.limit);
  headers[`${name}-remaining`] = String(Math.round(gauge.remaining / rounding) * rounding);
  headers[`${name}-reset`] = new Date(Math.ceil((wallNowMs + gauge.resetMs) / 1000) * 1000)
    .toISOString()
    .replace(".000", "");
}

const WORDS: Readonly<Record<ProblemKind, readonly [status: number, type: string, message: string]>> = {
  "rate-limited": [429, "rate_limit_error", "This request would exceed your rate limit."],
  "too-large": [429, "rate_limit_error", "This request is larger than your rate limit allows at once."],
  quota: [402, "billing_error", "Your credit balance is too low. Please add credit to go on."],
  "slow-down": [
    429,
    "rate_limit_error",
    "This request would exceed your acceleration limit. Please raise your use gradually.",
  ],
  overloaded: [529, "overloaded_error", "Overloaded"],
  unavailable: [503, "api_error", "Service unavailable"],
  "server-error": [500, "api_error", "Internal server error"],
  "bad-gateway": [502, "api_error", "Bad gateway"],
  "gateway-timeout": [504, "timeout_error", "The request timed out while it was processed"],
  "request-timeout": [408, "timeout_error", "The request timed out"],
  conflict: [409, "conflict_error", "The resource was changed by another request"],
  invalid: [400, "invalid_request_error", "The request is not valid"],
  context: [400, "invalid_request_error", "prompt is too long"],
  unauthorized: [401, "authentication_error", "invalid x-api-key"],
  "not-found": [404, "not_found_error", "Not found"],
  "payload-too-large": [413, "request_too_large", "Request exceeds the maximum size"],
};

const LIMIT_WORDS: Readonly<Record<string, string>> = {
  rpm: "requests per minute",
  tpm: "tokens per minute",
  itpm: "input tokens per minute",
  otpm: "output tokens per minute",
  rpd: "requests per day",
  tpd: "tokens per day",
  inFlight: "concurrent connections",
};

function anthropicProblem(problem: Problem): Wording {
  if (problem.kind === "bad-gateway") return htmlGateway();
  const [status, type, usual] = WORDS[problem.kind];
  const message = problem.message ?? contextMessage(problem) ?? limitMessage(problem) ?? usual;
  const body = { type: "error", error: { type, message }, request_id: problem.requestId };
  return { status, body: JSON.stringify(body) };
}

function contextMessage({ context }: Problem): string | undefined {
  return context === undefined ? undefined : `prompt is too long: ${context.tokens} tokens > ${context.most} maximum`;
}

function limitMessage(problem: Problem): string | undefined {
  const shortage = problem.refused?.shortage;
  if (shortage === undefined) return undefined;
  const limit = `${shortage.limit.toLocaleString("en-US")} ${LIMIT_WORDS[shortage.dimension]}`;
  const whose = shortage.scope === "project" && shortage.stacked ? "workspace (wrkspc-emu)" : "organization (org-emu)";
  return `This request would exceed the rate limit for your ${whose} of ${limit}. For details, refer to: https://docs.anthropic.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later.`;
}
