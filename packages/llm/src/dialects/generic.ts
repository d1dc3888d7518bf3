import type { Rule } from "../classify/rules.js";
import type { Dialect } from "./dialect.js";
import { OPENAI_RULES } from "./openai.js";

/** What bodies of any provider or proxy mean when nothing gives the provider away. */
const RULES: readonly Rule[] = [
  ...OPENAI_RULES,
  {
    id: "any.quota",
    class: "quota",
    signals: ["payment_required", "billing_error", "insufficient_balance", "insufficient_funds"],
    reason: "the account has no money left",
  },
  {
    id: "any.context",
    class: "context",
    text: /maximum context length|context (length|window|size) (is )?exceeded|exceeds? the (available )?context|prompt is too long/i,
    status: [400, 413, 422, 500],
    reason: "the request is longer than the model can read",
  },
  {
    id: "any.overload",
    class: "overload",
    signals: ["overloaded_error", "provider_overloaded", "unavailable_error"],
    reason: "the provider is overloaded",
  },
  { id: "any.rate", class: "rate", signals: ["rate_limit_error", "rate_limited"], reason: "a limit is used up" },
];

/** Whatever speaks roughly like OpenAI: proxies, gateways, and servers of one's own. */
export const generic: Dialect = { name: "generic", rules: RULES, admission: "openai" };
