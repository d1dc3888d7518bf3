import { durationMs, optionError } from "bide/kit";
import type { Bide, LlmFetch } from "./bide.js";
import { llmFetch } from "./llm-fetch.js";
import { LLM_DEFAULTS, type LlmOptions } from "./options.js";

/** A client that can be derived from with another `fetch`: those of OpenAI, Anthropic, and their kin. */
export interface Derivable {
  withOptions(options: { maxRetries: number; fetch: typeof fetch }): unknown;
}

/** What the clients time out after unless they are told. */
const CLIENT_DEFAULT_TIMEOUT_MS = 600_000;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The `fetch` under each layer, so that wrapping twice retries once. */
const beneath = new WeakMap<typeof fetch, typeof fetch>();

/**
 * The same client, made resilient: same type, same methods, same errors, its own retries off. A `fetch` that the client was
 * given stays underneath. Where the client has a `timeout` of its own, that is the time of one request, as it was.
 *
 * Pass an `llmFetch` in place of options to share its quota with other clients.
 *
 * @throws OptionError when the client cannot be derived from; then pass `llmFetch(…)` to its constructor.
 */
export function resilient<C extends Derivable>(
  client: C,
  options: LlmOptions | LlmFetch = {},
): C & { readonly bide: Bide } {
  if (typeof client?.withOptions !== "function") {
    throw optionError("client", "a client with `withOptions`; give others `fetch: llmFetch(…)`", client);
  }
  const { fetch: own, timeout } = readClient(client);
  if (typeof options === "function") return derived(client, options, undefined);
  const base = options.fetch ?? (own && (beneath.get(own) ?? own));
  const attemptTimeout = options.attemptTimeout ?? (timeout === CLIENT_DEFAULT_TIMEOUT_MS ? undefined : timeout);
  const layer = llmFetch({ ...options, fetch: base, attemptTimeout });
  if (base) beneath.set(layer, base);
  return derived(client, layer, wholeTimeoutMs(options, timeout));
}

function derived<C extends Derivable>(
  client: C,
  layer: LlmFetch,
  timeout: number | undefined,
): C & { readonly bide: Bide } {
  const options = { maxRetries: 0, fetch: layer, ...(timeout !== undefined && { timeout }) };
  return Object.defineProperty(client.withOptions(options), "bide", { value: layer.bide }) as C & {
    readonly bide: Bide;
  };
}

/** The client's timer runs over all requests of a call: it must not cut what the layer still bounds. */
function wholeTimeoutMs(options: LlmOptions, clientMs: number | undefined): number | undefined {
  if (clientMs === undefined) return undefined;
  const deadlineMs = durationMs(options.deadline ?? LLM_DEFAULTS.deadline) ?? 0;
  if (clientMs === CLIENT_DEFAULT_TIMEOUT_MS && (options.deadline === undefined || deadlineMs <= clientMs))
    return undefined;
  const maxTimeMs = durationMs(options.maxTime ?? LLM_DEFAULTS.maxTime) ?? 0;
  const wholeMs = Math.min(deadlineMs, maxTimeMs + clientMs);
  return Math.min(Math.max(clientMs, Math.ceil(wholeMs) + 1000), LONGEST_TIMEOUT_MS);
}

/** What clients keep of their options under these names, though their types do not say so. */
function readClient(client: object): {
  readonly fetch: typeof fetch | undefined;
  readonly timeout: number | undefined;
} {
  const { fetch: own, timeout } = client as { readonly fetch?: unknown; readonly timeout?: unknown };
  return {
    fetch: typeof own === "function" ? (own as typeof fetch) : undefined,
    timeout: typeof timeout === "number" ? timeout : undefined,
  };
}
