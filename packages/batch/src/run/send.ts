import type { LlmFetch } from "@bide/llm";
import { BideError } from "bide";
import type { BatchRequest } from "../formats/batch-request.js";
import type { ItemOutcome } from "../formats/batch-response.js";
import { isObject, numberIn, parsedJson } from "../formats/json.js";
import { type ItemRun, networkCodeOf } from "./attempt-log.js";
import { addressOf } from "./endpoint.js";

/** An outcome with what it used. */
export interface Sent {
  readonly outcome: ItemOutcome;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
}

const NO_TOKENS = { inputTokens: 0, outputTokens: 0, cachedTokens: 0 };

/** What sending takes. */
export interface Sender {
  readonly layer: LlmFetch;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Makes one request and tells what came of it; throws only what `signal` was aborted with.
 *
 * @param run Where what the layer tells of it is written down.
 */
export async function send(
  sender: Sender,
  { url, body }: BatchRequest,
  signal: AbortSignal,
  run: ItemRun,
): Promise<Sent> {
  try {
    const { layer, baseUrl, headers } = sender;
    const init = { method: "POST", headers, body: JSON.stringify(body), signal };
    const response = await layer.bide.fetch(addressOf(baseUrl, url), init, (event) => run.hear(event));
    return sentOf(response, await response.text());
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { outcome: failureOf(error), ...NO_TOKENS };
  }
}

function sentOf(response: Response, text: string): Sent {
  const { status, ok, headers } = response;
  const body = parsedJson(text);
  if (body === undefined && ok) {
    const message = `the endpoint answered with status ${status} and a body that is not JSON`;
    return { outcome: { kind: "failure", code: "invalid_response", message }, ...NO_TOKENS };
  }
  const requestId = headers.get("x-request-id") ?? headers.get("request-id") ?? "";
  // Proxies answer in HTML: kept as a text, so that the line stays valid.
  const bodyJson = body === undefined ? JSON.stringify(text) : text;
  return { outcome: { kind: "answer", status, requestId, bodyJson }, ...usageOf(body) };
}

/** Chat completions and embeddings name their tokens in one way, responses in another. */
function usageOf(body: unknown): Omit<Sent, "outcome"> {
  if (!isObject(body) || !isObject(body["usage"])) return NO_TOKENS;
  const { usage } = body;
  const details = usage["prompt_tokens_details"] ?? usage["input_tokens_details"];
  return {
    inputTokens: numberIn(usage, "prompt_tokens") || numberIn(usage, "input_tokens"),
    outputTokens: numberIn(usage, "completion_tokens") || numberIn(usage, "output_tokens"),
    cachedTokens: isObject(details) ? numberIn(details, "cached_tokens") : 0,
  };
}

function failureOf(error: unknown): ItemOutcome {
  const code = error instanceof BideError ? error.code.replace(/^BIDE_/, "").toLowerCase() : networkCodeOf(error);
  return { kind: "failure", code, message: error instanceof Error ? error.message : String(error) };
}
