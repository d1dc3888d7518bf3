import type { Dialect } from "./dialect.js";
import { OPENAI_RULES } from "./openai.js";

/** vLLM: no limits of its own, and every mistake of the caller is a plain 400. */
export const vllm: Dialect = {
  name: "vllm",
  rules: [
    {
      id: "vllm.context",
      class: "context",
      text: /maximum context length|longer than the maximum model length/i,
      reason: "the request is longer than the model can read",
    },
    ...OPENAI_RULES,
    {
      id: "vllm.invalid",
      class: "invalid",
      signals: ["badrequesterror"],
      reason: "the request was refused",
    },
    { id: "vllm.not-found", class: "not-found", signals: ["notfounderror"], reason: "there is no such model" },
    { id: "vllm.server", class: "transient", signals: ["internalservererror"], reason: "the server failed" },
  ],
  admission: "openai",
};

/** The server of llama.cpp. */
export const llamacpp: Dialect = {
  name: "llama.cpp",
  headers: ["x-llama-server"],
  rules: [
    {
      id: "llama.cpp.context",
      class: "context",
      signals: ["exceed_context_size_error"],
      reason: "the request is longer than the model can read",
    },
    {
      id: "llama.cpp.batch",
      class: "context",
      text: /too large to process/i,
      reason: "the request is larger than the server can read at once",
    },
    { id: "llama.cpp.loading", class: "overload", signals: ["unavailable_error"], reason: "the model is being loaded" },
    { id: "llama.cpp.server", class: "transient", signals: ["server_error"], reason: "the server failed" },
    ...OPENAI_RULES,
  ],
  admission: "openai",
};

/** Ollama: its streams may end without a finish reason. */
export const ollama: Dialect = {
  name: "ollama",
  paths: /^\/api\/(chat|generate)$/,
  rules: OPENAI_RULES,
  admission: "openai",
  omitsFinish: true,
};
