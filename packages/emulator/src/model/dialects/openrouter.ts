import type { Dialect, Gauges, HeaderFields, Problem, ProblemKind, Wording } from "./dialect.js";
import { openaiMessage, openaiProblem } from "./openai.js";

/** OpenRouter: numeric codes, a stable `error_type`, limit headers on its own 429s only, reset as epoch milliseconds. */
export const openrouter: Dialect = {
  name: "openrouter",
  defaults: { cost: "openai-sum", countRejected: false },
  replyHeaders: () => ({}),
  rateHeaders,
  hintHeaders: (hintMs) => ({ "retry-after": String(Math.ceil(hintMs / 1000)) }),
  problem: openrouterProblem,
  chatStreamError: JSON.stringify({
    object: "chat.completion.chunk",
    error: { code: 502, message: "Provider disconnected", metadata: { error_type: "provider_unavailable" } },
    choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
  }),
  comment: ": OPENROUTER PROCESSING",
};

function rateHeaders(gauges: Gauges, refused: boolean): HeaderFields {
  const gauge = gauges.of("rpm") ?? gauges.of("rpd") ?? gauges.of("tpm");
  if (!refused || gauge === undefined) return {};
  return {
    "x-ratelimit-limit": String(gauge.limit),
    "x-ratelimit-remaining": String(gauge.remaining),
    "x-ratelimit-reset": String(Math.ceil(gauges.wallNowMs + gauge.resetMs)),
  };
}

/** The page on errors names these types; the others are formed after them. */
const TYPES: { readonly [kind in ProblemKind]?: readonly [status: number, type: string] } = {
  "rate-limited": [429, "rate_limit_exceeded"],
  "too-large": [429, "rate_limit_exceeded"],
  "slow-down": [429, "rate_limit_exceeded"],
  quota: [402, "payment_required"],
  overloaded: [503, "provider_overloaded"],
  unavailable: [503, "provider_overloaded"],
  "bad-gateway": [502, "provider_unavailable"],
  "gateway-timeout": [504, "timeout"],
  "request-timeout": [408, "timeout"],
  context: [400, "context_length_exceeded"],
};

function openrouterProblem(problem: Problem): Wording {
  const usual = openaiProblem({ ...problem, kind: problem.kind === "bad-gateway" ? "server-error" : problem.kind });
  const [status, type] = TYPES[problem.kind] ?? [usual.status, problem.kind.replaceAll("-", "_")];
  const words = problem.context === undefined ? `The request failed: ${type}.` : openaiMessage(problem);
  const message = problem.message ?? words;
  const headers = status === 503 ? { "retry-after": "1" } : {};
  const error = { code: status, message, metadata: { error_type: type } };
  return { status, body: JSON.stringify({ error }), headers };
}
