import type { Rule } from "../classify/rules.js";
import { isDaily } from "../hints/hint.js";
import type { Dialect } from "./dialect.js";

const RULES: readonly Rule[] = [
  // Whatever its body calls it.
  { id: "gemini.quota", class: "quota", status: [402], reason: "the account has no money left" },
  {
    id: "gemini.auth",
    class: "auth",
    signals: ["api_key_invalid", "unauthenticated"],
    reason: "the key was not accepted",
  },
  {
    id: "gemini.rate-long",
    class: "rate-long",
    signals: ["resource_exhausted"],
    when: ({ body }) => isDaily(body),
    reason: "a limit per day is used up",
  },
  // "You exceeded your current quota, please check your plan and billing details" stands in ordinary limits per minute, too.
  { id: "gemini.rate", class: "rate", signals: ["resource_exhausted"], reason: "a limit per minute is used up" },
  { id: "gemini.overload", class: "overload", signals: ["unavailable"], reason: "the provider is overloaded" },
  {
    id: "gemini.server",
    class: "transient",
    signals: ["internal", "deadline_exceeded", "aborted", "cancelled"],
    reason: "the server failed",
  },
  {
    id: "gemini.context",
    class: "context",
    signals: ["invalid_argument"],
    text: /token count .{0,60}exceeds|input token count/i,
    reason: "the request is longer than the model can read",
  },
  {
    id: "gemini.permission",
    class: "auth",
    scope: "model",
    signals: ["permission_denied"],
    reason: "the key may not do this",
  },
  { id: "gemini.not-found", class: "not-found", signals: ["not_found"], reason: "there is no such model" },
  {
    id: "gemini.invalid",
    class: "invalid",
    signals: ["invalid_argument", "failed_precondition", "out_of_range"],
    reason: "the request was refused",
  },
];

/** Google's Gemini API and Vertex AI. @see https://ai.google.dev/gemini-api/docs/troubleshooting */
export const gemini: Dialect = {
  name: "gemini",
  hosts: /(^|[.-])(generativelanguage|aiplatform)\.googleapis\.com$/,
  paths: /:(stream)?generateContent$/i,
  rules: RULES,
  admission: "gemini",
  settlement: ({ inputTokens }) => inputTokens,
};
