import type { Dialect, Gauge, Gauges, HeaderFields, Problem, Wording } from "./dialect.js";
import { openaiProblem } from "./openai.js";

/** Azure OpenAI: whole seconds, the code `"429"`, and a sentence that carries the wait. */
export const azure: Dialect = {
  name: "azure",
  defaults: { cost: "azure", countRejected: false, algorithm: "sliding-window", quantum: "10s" },
  requestIdHeader: "apim-request-id",
  rateHeaders: (gauges) => headersOf(gauges, gaugeHeaders),
  hintHeaders: (hintMs) => ({
    "retry-after": String(Math.ceil(hintMs / 1000)),
    "retry-after-ms": String(Math.ceil(hintMs)),
    "x-ms-retry-after-ms": String(Math.ceil(hintMs)),
  }),
  problem: azureProblem,
};

/** Azure as its Responses API has been seen: limits of -1 and no hint at all. */
export const azureUnknown: Dialect = {
  ...azure,
  rateHeaders: (gauges) => headersOf(gauges, () => ["-1", "-1", "0"]),
  hintHeaders: () => ({}),
};

type GaugeTexts = readonly [limit: string, remaining: string, reset: string];

function headersOf(gauges: Gauges, texts: (gauge: Gauge) => GaugeTexts): HeaderFields {
  const headers: Record<string, string> = {};
  for (const [unit, gauge] of [
    ["requests", gauges.of("rpm")],
    ["tokens", gauges.of("tpm")],
  ] as const) {
    if (gauge === undefined) continue;
    const [limit, remaining, reset] = texts(gauge);
    headers[`x-ratelimit-limit-${unit}`] = limit;
    headers[`x-ratelimit-remaining-${unit}`] = remaining;
    headers[`x-ratelimit-reset-${unit}`] = reset;
  }
  return headers;
}

function gaugeHeaders(gauge: Gauge): GaugeTexts {
  return [String(gauge.limit), String(gauge.remaining), String(Math.ceil(gauge.resetMs / 1000))];
}

function azureProblem(problem: Problem): Wording {
  if (problem.kind !== "rate-limited") return openaiProblem(problem);
  const { dimension } = problem.refused?.shortage ?? {};
  const what = dimension === "rpm" || dimension === "rpd" ? "call rate limit" : "token rate limit";
  const again = problem.waitMs === undefined ? "" : ` Please retry after ${Math.ceil(problem.waitMs / 1000)} seconds.`;
  const message = `Requests to the ChatCompletions_Create Operation under Azure OpenAI API have exceeded ${what} of your current OpenAI S0 pricing tier.${again}`;
  return { status: 429, body: JSON.stringify({ error: { code: "429", message } }) };
}
