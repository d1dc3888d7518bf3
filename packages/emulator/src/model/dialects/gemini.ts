import type { Dialect, Problem, ProblemKind, Wording } from "./dialect.js";
import { htmlGateway } from "./openai.js";

/** Gemini: no headers about limits; the wait stands in the body as `RetryInfo`. */
export const gemini: Dialect = {
  name: "gemini",
  defaults: { cost: "gemini", countRejected: false },
  replyHeaders: () => ({}),
  rateHeaders: () => ({}),
  hintHeaders: () => ({}),
  problem: geminiProblem,
};

const LIMITS_PAGE = "https://ai.google.dev/gemini-api/docs/rate-limits";
const EXCEEDED = `You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: ${LIMITS_PAGE}.`;

const WORDS: Readonly<Record<ProblemKind, readonly [status: number, name: string, message: string]>> = {
  "rate-limited": [429, "RESOURCE_EXHAUSTED", EXCEEDED],
  "too-large": [429, "RESOURCE_EXHAUSTED", EXCEEDED],
  quota: [402, "FAILED_PRECONDITION", EXCEEDED],
  "slow-down": [429, "RESOURCE_EXHAUSTED", "Resource has been exhausted, please slow down."],
  overloaded: [503, "UNAVAILABLE", "The model is overloaded. Please try again later."],
  unavailable: [503, "UNAVAILABLE", "The model is overloaded. Please try again later."],
  "server-error": [500, "INTERNAL", "An internal error has occurred."],
  "bad-gateway": [502, "UNAVAILABLE", "Bad gateway."],
  "gateway-timeout": [504, "DEADLINE_EXCEEDED", "The deadline expired before the answer was ready."],
  "request-timeout": [408, "DEADLINE_EXCEEDED", "The request timed out."],
  conflict: [409, "ABORTED", "The request was aborted by another one."],
  invalid: [400, "INVALID_ARGUMENT", "Request contains an invalid argument."],
  context: [400, "INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens allowed."],
  unauthorized: [401, "UNAUTHENTICATED", "API key not valid. Please pass a valid API key."],
  "not-found": [404, "NOT_FOUND", "Requested entity was not found."],
  "payload-too-large": [413, "INVALID_ARGUMENT", "The request payload is too large."],
};

function geminiProblem(problem: Problem): Wording {
  if (problem.kind === "bad-gateway") return htmlGateway();
  const [code, status, usual] = WORDS[problem.kind];
  const seconds = problem.waitMs === undefined ? undefined : Math.ceil(problem.waitMs) / 1000;
  const again = seconds === undefined ? "" : ` Please retry in ${seconds}s.`;
  const message = problem.message ?? contextMessage(problem) ?? usual;
  const error = { code, message: message + again, status, details: detailsOf(problem, seconds) };
  return { status: code, body: JSON.stringify({ error }) };
}

function contextMessage({ context }: Problem): string | undefined {
  return context === undefined
    ? undefined
    : `The input token count (${context.tokens}) exceeds the maximum number of tokens allowed (${context.most}).`;
}

function detailsOf(problem: Problem, seconds: number | undefined): readonly unknown[] {
  if (problem.kind === "quota") return [HELP];
  const shortage = problem.refused?.shortage;
  if (shortage === undefined) return [];
  const tokens = shortage.dimension !== "rpm" && shortage.dimension !== "rpd" && shortage.dimension !== "inFlight";
  const period = shortage.dimension === "rpd" || shortage.dimension === "tpd" ? "PerDay" : "PerMinute";
  // Names as recorded: tokens are counted per model, requests per project and model.
  const violation = {
    quotaMetric: `generativelanguage.googleapis.com/generate_content_free_tier_${tokens ? "input_token_count" : "requests"}`,
    quotaId: tokens
      ? `GenerateContentInputTokensPerModel${period}-FreeTier`
      : `GenerateRequests${period}PerProjectPerModel-FreeTier`,
    quotaDimensions: { location: "global", model: problem.model },
    quotaValue: String(shortage.limit),
  };
  const failure = { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [violation] };
  if (seconds === undefined) return [failure, HELP];
  return [failure, HELP, { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` }];
}

const HELP = {
  "@type": "type.googleapis.com/google.rpc.Help",
  links: [{ description: "Learn more about Gemini API quotas", url: LIMITS_PAGE }],
};
