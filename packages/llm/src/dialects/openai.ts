import type { Rule } from "../classify/rules.js";
import type { Dialect } from "./dialect.js";

/** Codes for money, which come with status 429 and type `insufficient_quota`. @see https://help.openai.com/en/articles/6614457 */
const MONEY: readonly string[] = [
  "insufficient_quota",
  "credit_balance_exhausted",
  "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
  "billing_hard_limit_reached",
  "billing_not_active",
];

/** The rules of OpenAI's own error bodies, which most others borrowed. */
export const OPENAI_RULES: readonly Rule[] = [
  {
    id: "openai.quota",
    class: "quota",
    signals: MONEY,
    reason: "the account has no money left, or a spending limit is reached",
  },
  {
    id: "openai.too-big",
    class: "too-big",
    text: /request too large/i,
    when: exceedsLimit,
    reason: "the request alone is above the limit",
  },
  { id: "openai.ramp", class: "ramp", signals: ["slow_down"], reason: "use grows faster than the provider allows" },
  {
    id: "openai.rate-long",
    class: "rate-long",
    text: /\b(requests|tokens) per day\b|\((RPD|TPD)\)/i,
    status: [429],
    reason: "a limit per day is used up",
  },
  { id: "openai.rate", class: "rate", signals: ["rate_limit_exceeded"], reason: "a limit per minute is used up" },
  {
    id: "openai.overload",
    class: "overload",
    signals: ["server_is_overloaded", "service_unavailable_error", "engine_overloaded", "overloaded"],
    reason: "the provider is overloaded",
  },
  {
    id: "openai.context",
    class: "context",
    signals: ["context_length_exceeded", "string_above_max_length"],
    reason: "the request is longer than the model can read",
  },
  {
    id: "openai.content",
    class: "content-filter",
    signals: ["content_filter", "content_policy_violation", "moderation_blocked"],
    reason: "a content filter refused it",
  },
  {
    id: "openai.auth",
    class: "auth",
    signals: ["invalid_api_key", "account_deactivated"],
    reason: "the key was not accepted",
  },
  {
    id: "openai.region",
    class: "auth",
    scope: "model",
    signals: ["unsupported_country_region_territory"],
    reason: "the provider does not serve this region",
  },
  {
    id: "openai.not-found",
    class: "not-found",
    signals: ["model_not_found"],
    reason: "there is no such model for this key",
  },
  { id: "openai.server-error", class: "transient", signals: ["server_error"], reason: "the server failed" },
];

/** OpenAI, and what speaks like it. */
export const openai: Dialect = {
  name: "openai",
  hosts: /(^|\.)openai\.com$/,
  headers: ["openai-processing-ms", "openai-version"],
  requestIdHeader: "x-client-request-id",
  rules: OPENAI_RULES,
  admission: "openai",
};

/** "Request too large … Limit 30000, Requested 31000": larger than the limit it never fits; otherwise it is an ordinary limit. */
function exceedsLimit({ body }: { readonly body: { readonly text: string } }): boolean {
  const limit = /\blimit:? (\d[\d,]*)/i.exec(body.text)?.[1];
  const requested = /\brequested:? (\d[\d,]*)/i.exec(body.text)?.[1];
  if (limit === undefined || requested === undefined) return true;
  return whole(requested) > whole(limit);
}

function whole(digits: string): number {
  return Number(digits.replaceAll(",", ""));
}
