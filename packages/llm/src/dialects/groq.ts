import type { Dialect } from "./dialect.js";
import { OPENAI_RULES } from "./openai.js";

/** Groq. @see https://console.groq.com/docs/errors */
export const groq: Dialect = {
  name: "groq",
  hosts: /(^|\.)groq\.com$/,
  headers: ["x-groq-region"],
  rules: [
    { id: "groq.capacity", class: "overload", status: [498], reason: "the flex tier has no capacity" },
    { id: "groq.capacity", class: "overload", signals: ["capacity_exceeded"], reason: "the flex tier has no capacity" },
    ...OPENAI_RULES,
    // "In some cases, retrying the request might help": the model's own output did not fit.
    { id: "groq.422", class: "transient", status: [422], reason: "the model's output did not fit" },
  ],
  admission: "openai-sum",
};
