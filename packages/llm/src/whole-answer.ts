import { joined, type ReadAnswer } from "./answer.js";
import { answerTextOf } from "./answer-text.js";
import { AttemptFailure } from "./attempt-failure.js";
import { statusOf } from "./classify/classify.js";
import type { Usage } from "./dialects/dialect.js";
import { MalformedAnswerError } from "./errors.js";
import type { Exchange } from "./exchange.js";
import { isObject, type JsonObject, parseJson } from "./json.js";
import { rejectUnfit } from "./rejection.js";
import { rebuilt } from "./stream/open.js";
import { BodySource } from "./stream/source.js";
import { usageOf } from "./usage.js";
import { classifyInside, transient, type Wire } from "./wire.js";

/**
 * A response whose body is there already, as a `fetch` of one's own may give it: the layer looks at those bytes, uses nothing
 * up, and hands the response itself on. Streams, which cost more than all else that it does with an answer, are left out.
 */
export interface WholeResponse extends Response {
  readonly wholeBody: Uint8Array<ArrayBuffer>;
  /** The same as text, so that it is decoded once for the layer and for whoever reads the response. */
  readonly wholeText?: string | undefined;
}

/** An answer in one piece, whole and readable. */
export interface WholeAnswer {
  readonly response: Response;
  readonly usage: Usage | undefined;
}

const decoder = new TextDecoder();

/** Reads an answer of JSON to its end. One that is cut, malformed, or an error in disguise is a failed attempt. */
export async function readWhole(response: Response, exchange: Exchange, wire: Wire): Promise<WholeAnswer> {
  const isWhole = isWholeResponse(response);
  const bytes = isWhole ? response.wholeBody : await bytesOf(response, exchange, wire);
  const readable = (): Response => (isWhole ? response : rebuilt(response, bytes));
  if (bytes.length === 0 && wire.facts.model === undefined) return { response: readable(), usage: undefined };
  const value = parseJson((isWhole ? response.wholeText : undefined) ?? decoder.decode(bytes));
  if (value === undefined) throw malformed(wire, response.status, bytes.length);
  if (isErrorInDisguise(value)) throw disguised(response, bytes, value, wire);
  const usage = usageOf(value);
  if (wire.check) await rejectUnfit(answerTextOf(value), usage, exchange, wire);
  return { response: readable(), usage };
}

function isWholeResponse(response: Response): response is WholeResponse {
  return "wholeBody" in response && response.wholeBody instanceof Uint8Array;
}

async function bytesOf(response: Response, exchange: Exchange, wire: Wire): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const source = new BodySource(response.body, exchange);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let chunk = await source.read(); chunk; chunk = await source.read()) {
      chunks.push(chunk);
      size += chunk.length;
    }
  } catch (error) {
    throw new AttemptFailure(transient(wire, "body.cut", "the answer broke off"), { error, mayBeBilled: true });
  } finally {
    source.release();
  }
  return joined(chunks, size) as Uint8Array<ArrayBuffer>;
}

/** An answer that claims success and is none. */
export function malformed(wire: Wire, status: number, bytes: number): AttemptFailure {
  const decision = transient(wire, "body.malformed", "the answer cannot be read");
  return new AttemptFailure(decision, { error: new MalformedAnswerError(status, bytes), mayBeBilled: true });
}

const ANSWERS = ["choices", "candidates", "output", "content", "data"] as const;

function isErrorInDisguise(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  if (value["object"] === "error" || value["type"] === "error") return true;
  const { error } = value;
  const hasError = isObject(error) || (typeof error === "string" && error !== "");
  if (value["object"] === "response") return hasError && value["status"] === "failed";
  return hasError && !ANSWERS.some((key) => key in value);
}

/** A 200 that says error goes to the caller's client with the status that it names, so that the client throws its own. */
function disguised(response: Response, head: Uint8Array, value: JsonObject, wire: Wire): AttemptFailure {
  const decision = classifyInside(wire, response, value);
  const { statusText, headers, url } = response;
  const status = value["object"] === "response" ? response.status : statusOf(decision);
  const answer: ReadAnswer = { status, statusText, headers, url, head, rest: undefined };
  return new AttemptFailure(decision, { answer });
}
