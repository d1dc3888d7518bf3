import type { ErrorFacts, Rule } from "../classify/rules.js";
import type { Dialect } from "./dialect.js";
import { OPENAI_RULES } from "./openai.js";

const RULES: readonly Rule[] = [
  {
    id: "openrouter.quota",
    class: "quota",
    signals: ["payment_required", "402"],
    reason: "the account has no credits left",
  },
  {
    id: "openrouter.rate-long",
    class: "rate-long",
    text: /free-models-per-day/i,
    reason: "the limit per day of free models is used up",
  },
  {
    id: "openrouter.overload",
    class: "overload",
    signals: ["provider_overloaded"],
    reason: "the provider is overloaded",
  },
  {
    id: "openrouter.provider",
    class: "transient",
    signals: ["provider_unavailable", "timeout", "server"],
    reason: "the provider behind the router failed",
  },
  { id: "openrouter.refusal", class: "content-filter", signals: ["refusal"], reason: "the model refused to answer" },
  ...OPENAI_RULES,
  // A failure of the provider behind it may come as any status, 404 among them; the router says whether it may heal.
  {
    id: "openrouter.retryable",
    class: "transient",
    when: (facts) => retryableOf(facts) === true,
    reason: "the router says that it may heal",
  },
  {
    id: "openrouter.final",
    class: "invalid",
    when: (facts) => retryableOf(facts) === false && facts.status !== 401,
    reason: "the router says that it will not heal",
  },
];

/** OpenRouter: `error_type` is its stable field. @see https://openrouter.ai/docs/api-reference/errors */
export const openrouter: Dialect = {
  name: "openrouter",
  hosts: /(^|\.)openrouter\.ai$/,
  rules: RULES,
  admission: "openai",
};

function retryableOf({ body }: ErrorFacts): unknown {
  return body.objects.find((object) => typeof object["retryable"] === "boolean")?.["retryable"];
}
