import type { Dimension } from "../limiter.js";
import type { Dialect, Gauge, Gauges, HeaderFields, Problem, ProblemKind, Wording } from "./dialect.js";
import { goDuration } from "./go-duration.js";

/** OpenAI's own headers and error bodies. Sources: its rate-limits and error-codes guides, and recorded replies. */
export const openai: Dialect = {
  name: "openai",
  defaults: { cost: "openai", countRejected: true },
  replyHeaders: (requestId, processingMs) => ({
    "x-request-id": requestId,
    "openai-processing-ms": String(processingMs),
  }),
  rateHeaders: openaiRateHeaders,
  hintHeaders: secondsAndMilliseconds,
  problem: openaiProblem,
};

/** `retry-after` in whole seconds and `retry-after-ms`, both rounded up so that they are never too early. */
export function secondsAndMilliseconds(hintMs: number): HeaderFields {
  return { "retry-after": String(Math.ceil(hintMs / 1000)), "retry-after-ms": String(Math.ceil(hintMs)) };
}

/** The six well-known headers, and the project's tokens where two scopes are limited. */
export function openaiRateHeaders(gauges: Gauges): HeaderFields {
  const headers: Record<string, string> = {};
  const requests = gauges.of("rpm") ?? gauges.of("rpd");
  const tokens = gauges.of("tpm") ?? gauges.of("tpd");
  if (requests !== undefined) addGauge(headers, "requests", requests);
  if (tokens !== undefined) addGauge(headers, "tokens", tokens);
  if (gauges.of("tpm", "organization") === undefined) return headers;
  const project = gauges.of("tpm", "project");
  if (project !== undefined) addGauge(headers, "project-tokens", project);
  return headers;
}

function addGauge(headers: Record<string, string>, unit: string, gauge: Gauge): void {
  headers[`x-ratelimit-limit-${unit}`] = String(gauge.limit);
  headers[`x-ratelimit-remaining-${unit}`] = String(gauge.remaining);
  headers[`x-ratelimit-reset-${unit}`] = goDuration(gauge.resetMs);
}

interface Words {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
}

const WORDS: Readonly<Record<ProblemKind, Words>> = {
  "rate-limited": words(429, "requests", "rate_limit_exceeded", "Rate limit reached."),
  "too-large": words(429, "tokens", "rate_limit_exceeded", "Request too large."),
  quota: words(
    429,
    "insufficient_quota",
    "insufficient_quota",
    "You exceeded your current quota, please check your plan and billing details.",
  ),
  "slow-down": words(429, "rate_limit_error", "slow_down", "Your request rate grew too quickly. Please slow down."),
  overloaded: words(529, "service_unavailable_error", "server_is_overloaded", "The server is overloaded."),
  unavailable: words(
    503,
    "service_unavailable_error",
    "server_is_overloaded",
    "The server is currently overloaded with other requests. Please retry your requests after a brief wait.",
  ),
  "server-error": words(
    500,
    "server_error",
    null,
    "The server had an error while processing your request. Sorry about that!",
  ),
  "bad-gateway": words(502, "server_error", null, "Bad gateway."),
  "gateway-timeout": words(504, "server_error", null, "The upstream server did not answer in time."),
  "request-timeout": words(408, "invalid_request_error", "request_timeout", "The request timed out."),
  conflict: words(409, "invalid_request_error", "conflict", "The resource was changed by another request."),
  invalid: words(400, "invalid_request_error", null, "The request is not valid."),
  context: words(400, "invalid_request_error", "context_length_exceeded", "The prompt is too long for this model."),
  unauthorized: words(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
  "not-found": words(404, "invalid_request_error", "model_not_found", "There is nothing here."),
  "payload-too-large": words(413, "invalid_request_error", null, "The request body is too large."),
};

/** What limits are called in OpenAI's texts. */
export const LIMIT_NAMES: Readonly<Record<Dimension, string>> = {
  rpm: "requests per min (RPM)",
  tpm: "tokens per min (TPM)",
  itpm: "input tokens per min",
  otpm: "output tokens per min",
  rpd: "requests per day (RPD)",
  tpd: "tokens per day (TPD)",
  inFlight: "concurrent requests",
};

/** A problem as OpenAI words it; `quota` and the like carry the code that tells money from speed. */
export function openaiProblem(problem: Problem): Wording {
  if (problem.kind === "bad-gateway") return htmlGateway();
  const isAddress = problem.kind === "not-found" && problem.model === "";
  // Of an address that there is not, no code says that a model is missing.
  const usual = isAddress ? { ...WORDS[problem.kind], code: null } : WORDS[problem.kind];
  const chosen = { ...usual, type: typeOf(problem, usual.type), message: openaiMessage(problem, usual.message) };
  return { status: usual.status, body: JSON.stringify(errorBody(chosen, problem.param)) };
}

/** What a proxy in front of the provider says: a page of HTML. */
export function htmlGateway(): Wording {
  const body =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n";
  return { status: 502, body, contentType: "text/html" };
}

function typeOf(problem: Problem, usual: string): string {
  const dimension = problem.refused?.shortage?.dimension;
  if (dimension === undefined) return usual;
  return dimension === "rpm" || dimension === "rpd" || dimension === "inFlight" ? "requests" : "tokens";
}

/** The message alone. */
export function openaiMessage(problem: Problem, usual: string = WORDS[problem.kind].message): string {
  if (problem.message !== undefined) return problem.message;
  if (problem.context !== undefined) {
    const { tokens, most } = problem.context;
    return `This model's maximum context length is ${most} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`;
  }
  const shortage = problem.refused?.shortage;
  if (shortage === undefined) return usual;
  const where = shortage.scope === "project" && shortage.stacked ? "project proj-emu" : "organization org-emu";
  const { dimension, limit, used, requested } = shortage;
  const on = `for ${problem.model} in ${where} on ${LIMIT_NAMES[dimension]}: Limit ${limit}`;
  if (problem.kind === "too-large") {
    return `Request too large ${on}, Requested ${requested}. The input or output tokens must be reduced in order to run successfully.`;
  }
  const again = problem.waitMs === undefined ? "" : ` Please try again in ${goDuration(Math.floor(problem.waitMs))}.`;
  return `Rate limit reached ${on}, Used ${used}, Requested ${requested}.${again} Visit https://platform.openai.com/account/rate-limits to learn more.`;
}

function errorBody(from: Words, param?: string): unknown {
  return { error: { message: from.message, type: from.type, param: param ?? null, code: from.code } };
}

function words(status: number, type: string, code: string | null, message: string): Words {
  return { status, type, code, message };
}
