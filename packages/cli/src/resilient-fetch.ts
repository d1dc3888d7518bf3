import { type LlmFetch, type LlmListener, llmFetch } from "@bide/llm";
import type { EndpointOptions } from "./endpoint-options.js";

/** Puts quota and retries around a plain `fetch`, as the options of the endpoint say. */
export function resilientFetch(transport: typeof fetch, options: EndpointOptions, onEvent?: LlmListener): LlmFetch {
  const { rpm, tpm, burst, maxAttempts, deadline, attemptTimeout } = options;
  return llmFetch({
    fetch: transport,
    quota: { rpm, tpm, burst },
    maxAttempts,
    // Who gives no deadline wants the answer, however long the queue is.
    maxTime: Number.POSITIVE_INFINITY,
    deadline,
    attemptTimeout,
    onEvent,
  });
}
