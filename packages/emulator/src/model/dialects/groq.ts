import type { Dialect, Gauge, Gauges, HeaderFields, Problem, Wording } from "./dialect.js";
import { goDuration } from "./go-duration.js";
import { LIMIT_NAMES, openaiProblem } from "./openai.js";

/** Groq: OpenAI's names, but requests are per day, and a full flex tier says 498. */
export const groq: Dialect = {
  name: "groq",
  defaults: { cost: "openai-sum", countRejected: false },
  replyHeaders: (requestId) => ({ "x-request-id": requestId }),
  rateHeaders,
  hintHeaders: (hintMs) => ({ "retry-after": String(Math.ceil(hintMs / 1000)) }),
  problem: groqProblem,
};

function rateHeaders(gauges: Gauges): HeaderFields {
  const headers: Record<string, string> = {};
  addGauge(headers, "requests", gauges.of("rpd"));
  addGauge(headers, "tokens", gauges.of("tpm"));
  return headers;
}

function addGauge(headers: Record<string, string>, unit: string, gauge: Gauge | undefined): void {
  if (gauge === undefined) return;
  headers[`x-ratelimit-limit-${unit}`] = String(gauge.limit);
  headers[`x-ratelimit-remaining-${unit}`] = String(gauge.remaining);
  headers[`x-ratelimit-reset-${unit}`] = goDuration(gauge.resetMs);
}

function groqProblem(problem: Problem): Wording {
  if (problem.kind === "rate-limited" || problem.kind === "too-large") return limitProblem(problem);
  if (problem.kind !== "overloaded" && problem.kind !== "unavailable") return openaiProblem(problem);
  if (problem.kind === "unavailable") {
    const error = { message: "Service Unavailable", type: "internal_server_error" };
    return { status: 503, body: JSON.stringify({ error }) };
  }
  const error = { message: "Flex tier capacity exceeded", type: "capacity_exceeded", code: "capacity_exceeded" };
  return { status: 498, body: JSON.stringify({ error }) };
}

/** As recorded; what could never fit is a 413 here. */
function limitProblem({ kind, model, refused, waitMs }: Problem): Wording {
  const shortage = refused?.shortage;
  if (shortage === undefined) return { status: 429, body: errorBody("requests", "Rate limit reached.") };
  const { dimension, limit, used, requested } = shortage;
  const requests = dimension === "rpm" || dimension === "rpd" || dimension === "inFlight";
  const name = LIMIT_NAMES[dimension].replace(" per min", " per minute");
  const where = `for model \`${model}\` in organization \`org-emu\` service tier \`on_demand\` on ${name}: Limit ${limit}`;
  const more = "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing";
  const again = waitMs === undefined ? "" : ` Please try again in ${goDuration(Math.floor(waitMs))}.`;
  const message =
    kind === "too-large"
      ? `Request too large ${where}, Requested ${requested}, please reduce your message size and try again. ${more}`
      : `Rate limit reached ${where}, Used ${used}, Requested ${requested}.${again} ${more}`;
  return { status: kind === "too-large" ? 413 : 429, body: errorBody(requests ? "requests" : "tokens", message) };
}

function errorBody(type: string, message: string): string {
  return JSON.stringify({ error: { message, type, code: "rate_limit_exceeded" } });
}
