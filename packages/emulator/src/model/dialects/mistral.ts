import type { Dialect, Gauge, Gauges, HeaderFields, Problem, Wording } from "./dialect.js";
import { openaiProblem } from "./openai.js";

/** Mistral: no reset headers, the charge of the request in a header, errors without a wrapper. */
export const mistral: Dialect = {
  name: "mistral",
  defaults: { cost: "openai-sum", countRejected: false },
  replyHeaders: (requestId) => ({ "mistral-correlation-id": requestId }),
  rateHeaders,
  hintHeaders: (hintMs) => ({ "retry-after": String(Math.ceil(hintMs / 1000)) }),
  problem: mistralProblem,
};

function rateHeaders(gauges: Gauges): HeaderFields {
  const headers: Record<string, string> = {};
  addGauge(headers, "req-minute", gauges.of("rpm"));
  addGauge(headers, "tokens-minute", gauges.of("tpm"));
  if (gauges.costTokens !== undefined) headers["x-ratelimit-tokens-query-cost"] = String(gauges.costTokens);
  return headers;
}

function addGauge(headers: Record<string, string>, unit: string, gauge: Gauge | undefined): void {
  if (gauge === undefined) return;
  headers[`x-ratelimit-limit-${unit}`] = String(gauge.limit);
  headers[`x-ratelimit-remaining-${unit}`] = String(gauge.remaining);
}

function mistralProblem(problem: Problem): Wording {
  const usual = openaiProblem(problem);
  if (usual.contentType !== undefined) return usual;
  if (problem.kind === "rate-limited" || problem.kind === "slow-down")
    return flat(429, "rate_limited", "1300", "Rate limit exceeded");
  const message = problem.message ?? contextMessage(problem) ?? `The request failed: ${problem.kind}.`;
  return flat(usual.status, problem.kind.replaceAll("-", "_"), String(usual.status), message);
}

function flat(status: number, type: string, code: string, message: string): Wording {
  return { status, body: JSON.stringify({ object: "error", message, type, param: null, code }) };
}

function contextMessage({ context }: Problem): string | undefined {
  return context === undefined
    ? undefined
    : `Prompt contains ${context.tokens} tokens, too large for model with ${context.most} maximum context length`;
}
