import { retry } from "bide";
import type { EndpointOptions } from "./endpoint-options.js";

/** Puts quota and retries around a plain `fetch`. */
export function resilientFetch(transport: typeof fetch, options: EndpointOptions): typeof fetch {
  const policy = retry({
    maxAttempts: options.maxAttempts ?? 8,
    deadline: options.deadline ?? "10m",
    maxTime: Number.POSITIVE_INFINITY,
    attemptTimeout: options.attemptTimeout ?? "5m",
    while: (response: unknown) => response instanceof Response && (response.status >= 500 || response.status === 429),
  });
  return async (input, init) => {
    const outcome = await policy.outcome(({ signal }) => transport(input, { ...init, signal }), {
      signal: init?.signal ?? undefined,
    });
    if (outcome.ok) return outcome.value;
    if (outcome.failure?.value instanceof Response) return outcome.failure.value;
    throw outcome.error;
  };
}
