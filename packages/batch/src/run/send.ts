import { type LlmEvent, type LlmFetch, type Usage, usageOf } from "@bide/llm";
import { BideError } from "bide";
import type { BatchRequest } from "../formats/batch-request.js";
import type { ItemOutcome } from "../formats/batch-response.js";
import { parsedJson } from "../formats/json.js";
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
    const notes = { onEvent: (event: LlmEvent): void => run.hear(event), json: body };
    const response = await layer.bide.fetch(addressOf(baseUrl, url), init, notes);
    return sentOf(response, await response.text(), run.usage);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { outcome: failureOf(error), ...NO_TOKENS };
  }
}

/** @param told What the layer found that the answer used. */
function sentOf(response: Response, text: string, told: Usage | undefined): Sent {
  const { status, ok, headers } = response;
  const isRead = isReadByLayer(response, text);
  const body = isRead ? undefined : parsedJson(text);
  const isValid = isRead || body !== undefined;
  if (!isValid && ok) {
    const message = `the endpoint answered with status ${status} and a body that is not JSON`;
    return { outcome: { kind: "failure", code: "invalid_response", message }, ...NO_TOKENS };
  }
  const requestId = headers.get("x-request-id") ?? headers.get("request-id") ?? "";
  // Proxies answer in HTML: kept as a text, so that the line stays valid.
  const bodyJson = isValid ? text : JSON.stringify(text);
  const { inputTokens, outputTokens, cachedTokens } = (isRead ? told : usageOf(body)) ?? NO_TOKENS;
  return { outcome: { kind: "answer", status, requestId, bodyJson }, inputTokens, outputTokens, cachedTokens };
}

/** A success that is told to be JSON, the layer has parsed: what cannot be was a failed attempt. */
function isReadByLayer({ ok, headers }: Response, text: string): boolean {
  return ok && text !== "" && headers.get("content-type")?.includes("json") === true;
}

function failureOf(error: unknown): ItemOutcome {
  const code = error instanceof BideError ? error.code.replace(/^BIDE_/, "").toLowerCase() : networkCodeOf(error);
  return { kind: "failure", code, message: error instanceof Error ? error.message : String(error) };
}
