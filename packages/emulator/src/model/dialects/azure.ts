import type { Dialect, Gauge, Gauges, HeaderFields, Problem, Wording } from "./dialect.js";
import { openaiProblem } from "./openai.js";

/** Azure OpenAI: whole seconds, the code `"429"`, and a sentence that carries the wait. */
export const azure: Dialect = {
  name: "azure",
  defaults: { cost: "azure", countRejected: false, algorithm: "sliding-window", quantum: "10s" },
  replyHeaders: (requestId) => ({ "apim-request-id": requestId, "x-request-id": requestId, "x-ms-region": "emulated" }),
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

/** Azure as its newer Foundry resources word a refusal. */
export const azureFoundry: Dialect = {
  ...azure,
  problem: (problem) => (isOfLimits(problem) ? foundryProblem(problem) : azureProblem(problem)),
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

const VERSION = "Azure OpenAI API version 2024-10-21";

const OPERATIONS: Readonly<Record<string, string>> = {
  "chat.completions": "ChatCompletions_Create",
  embeddings: "Embeddings_Create",
  responses: "Responses_Create",
};

function azureProblem(problem: Problem): Wording {
  if (problem.kind === "unauthorized") {
    const message =
      "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.";
    return { status: 401, body: errorBody("401", message) };
  }
  if (problem.kind === "not-found" && problem.model === "") {
    return { status: 404, body: errorBody("404", "Resource not found") };
  }
  if (problem.kind === "not-found") {
    const message =
      "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.";
    return { status: 404, body: errorBody("DeploymentNotFound", message) };
  }
  if (!isOfLimits(problem)) return openaiProblem(problem);
  const message = `Requests to the ${operationOf(problem)} Operation under ${VERSION} have exceeded ${limitOf(problem)} of your current OpenAI S0 pricing tier.${againIn(problem)} Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit.`;
  return { status: 429, body: errorBody("429", message) };
}

function foundryProblem(problem: Problem): Wording {
  const { model } = problem;
  const message = `Your requests to ${model} for ${model} in Emulated have exceeded the ${limitOf(problem)} for your current AIServices S0 pricing tier. This request was for ${operationOf(problem)} under ${VERSION}.${againIn(problem)} To increase your default rate limit, visit: https://aka.ms/oai/quotaincrease.`;
  return { status: 429, body: errorBody("RateLimitReached", message) };
}

function isOfLimits({ kind }: Problem): boolean {
  return kind === "rate-limited" || kind === "too-large";
}

function operationOf({ route = "chat.completions" }: Problem): string {
  return OPERATIONS[route] ?? "ChatCompletions_Create";
}

function limitOf({ refused }: Problem): string {
  const dimension = refused?.shortage?.dimension;
  return dimension === "rpm" || dimension === "rpd" ? "call rate limit" : "token rate limit";
}

/** What could never fit is told to come back in a day, as has been seen. */
function againIn({ kind, waitMs }: Problem): string {
  const seconds = kind === "too-large" ? 86_400 : waitMs === undefined ? undefined : Math.ceil(waitMs / 1000);
  return seconds === undefined ? "" : ` Please retry after ${seconds} seconds.`;
}

function errorBody(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } });
}
