import type { Rule } from "../classify/rules.js";
import type { Dialect } from "./dialect.js";

const RULES: readonly Rule[] = [
  {
    id: "anthropic.spend",
    class: "quota",
    text: /\b(spend(ing)? (limit|cap)|enforced_spend_limit_reached|credit balance|usage limits?\b.{0,40}\breached)/i,
    reason: "the account has no money left, or a spending limit is reached",
  },
  {
    id: "anthropic.billing",
    class: "quota",
    signals: ["billing_error", "enforced_spend_limit_reached"],
    reason: "the account has no money left, or a spending limit is reached",
  },
  {
    id: "anthropic.ramp",
    class: "ramp",
    signals: ["rate_limit_error"],
    text: /acceleration|increase(d|s)? (your )?usage (more )?(gradually|too)|ramp/i,
    reason: "use grows faster than the provider allows",
  },
  { id: "anthropic.rate", class: "rate", signals: ["rate_limit_error"], reason: "a limit per minute is used up" },
  { id: "anthropic.overload", class: "overload", signals: ["overloaded_error"], reason: "the provider is overloaded" },
  {
    id: "anthropic.context",
    class: "context",
    text: /prompt is too long|exceed context limit/i,
    reason: "the request is longer than the model can read",
  },
  { id: "anthropic.server", class: "transient", signals: ["api_error", "timeout_error"], reason: "the server failed" },
  { id: "anthropic.conflict", class: "transient", signals: ["conflict_error"], reason: "the request met another one" },
  { id: "anthropic.auth", class: "auth", signals: ["authentication_error"], reason: "the key was not accepted" },
  {
    id: "anthropic.permission",
    class: "auth",
    scope: "model",
    signals: ["permission_error"],
    reason: "the key may not do this",
  },
  {
    id: "anthropic.not-found",
    class: "not-found",
    signals: ["not_found_error"],
    reason: "there is no such model or route",
  },
  {
    id: "anthropic.invalid",
    class: "invalid",
    signals: ["invalid_request_error", "request_too_large"],
    status: [400, 413, 422],
    reason: "the request was refused",
  },
];

/** Anthropic's own API. @see https://docs.claude.com/en/api/errors */
export const anthropic: Dialect = {
  name: "anthropic",
  hosts: /(^|\.)anthropic\.com$/,
  paths: /\/v1\/messages$/,
  headers: ["anthropic-organization-id"],
  rules: RULES,
  // Input alone is charged before the answer, and what comes from a cache is free; output counts as it is produced.
  admission: "anthropic",
  settlement: ({ inputTokens, cachedTokens }) => Math.max(0, inputTokens - cachedTokens),
};
