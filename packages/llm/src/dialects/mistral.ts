import type { Dialect } from "./dialect.js";

/** Mistral: its error bodies have no `error` around them. @see https://docs.mistral.ai/deployment/laplateforme/tier/ */
export const mistral: Dialect = {
  name: "mistral",
  hosts: /(^|\.)mistral\.ai$/,
  headers: ["x-ratelimit-tokens-query-cost"],
  rules: [
    { id: "mistral.rate", class: "rate", signals: ["rate_limited", "1300"], reason: "a limit is used up" },
    {
      id: "mistral.context",
      class: "context",
      text: /too large for model with \d+ maximum context|prompt contains \d+ tokens/i,
      reason: "the request is longer than the model can read",
    },
    {
      id: "mistral.invalid",
      class: "invalid",
      signals: ["invalid_request_error", "invalid_request_message_order"],
      reason: "the request was refused",
    },
  ],
  admission: "openai-sum",
};
