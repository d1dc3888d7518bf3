import type { Dialect, Gauge, Gauges, HeaderFields, Problem, Wording } from "./dialect.js";
import { goDuration } from "./go-duration.js";
import { openaiProblem } from "./openai.js";

/** Groq: OpenAI's names, but requests are per day, and a full flex tier says 498. */
export const groq: Dialect = {
  name: "groq",
  defaults: { cost: "openai-sum", countRejected: false },
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
  if (problem.kind !== "overloaded" && problem.kind !== "unavailable") return openaiProblem(problem);
  if (problem.kind === "unavailable") {
    const error = { message: "Service Unavailable", type: "internal_server_error" };
    return { status: 503, body: JSON.stringify({ error }) };
  }
  const error = { message: "Flex tier capacity exceeded", type: "capacity_exceeded", code: "capacity_exceeded" };
  return { status: 498, body: JSON.stringify({ error }) };
}
