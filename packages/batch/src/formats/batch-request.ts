import { InputError } from "../errors.js";
import { isObject, type JsonObject } from "./json.js";
import type { Line } from "./lines.js";

/**
 * One request of an OpenAI Batch file:
 * `{"custom_id":"film-1","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o-mini","messages":[…]}}`
 *
 * @see https://platform.openai.com/docs/api-reference/batch/request-input
 */
export interface BatchRequest {
  readonly customId: string;
  readonly url: string;
  readonly body: JsonObject;
}

/** The endpoints that take a request of a batch. */
export const BATCH_URLS: readonly string[] = Object.freeze([
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/embeddings",
  "/v1/completions",
  "/v1/moderations",
]);

/** Reads one line of a Batch file. @throws InputError naming the line and what is wrong with it. */
export function parseBatchRequest({ bytes, number }: Line, file: string): BatchRequest {
  const fail = (reason: string): never => {
    throw new InputError(file, number, reason);
  };
  checkShape(bytes, number, fail);
  const value = jsonOf(bytes.toString("utf8"), fail);
  return checkedRequest(value, fail);
}

/** A parsed line, field by field. @param fail Throws, with what is wrong. */
export function checkedRequest(value: unknown, fail: (reason: string) => never): BatchRequest {
  if (!isObject(value)) return fail(`expected a JSON object, got ${Array.isArray(value) ? "an array" : String(value)}`);
  const { custom_id: customId, method, url, body } = value;
  if (customId === undefined) fail("`custom_id` is missing");
  if (typeof customId !== "string" || customId === "") return fail("`custom_id` must be a text that is not empty");
  if (method !== "POST") return fail(`\`method\` must be "POST"${method === undefined ? "; it is missing" : ""}`);
  if (typeof url !== "string") return fail("`url` is missing");
  if (!BATCH_URLS.includes(url)) return fail(`unknown \`url\` ${clipped(url)}; known: ${BATCH_URLS.join(", ")}`);
  if (!isObject(body)) return fail("`body` must be an object");
  if (body["stream"] === true) return fail("`body.stream` is true; the answers of a batch are not streamed");
  return { customId, url, body };
}

/** What JSON itself would let pass or name badly: things an editor did to the file. */
function checkShape(bytes: Buffer, number: number, fail: (reason: string) => never): void {
  if (number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    fail("the file begins with a byte order mark; save it as UTF-8 without one");
  }
  if (bytes[bytes.length - 1] === 0x0d) fail("the line ends in CR LF; save the file with plain line feeds");
  if (bytes.length === 0 || bytes.every((byte) => byte === 0x20 || byte === 0x09)) fail("the line is blank; remove it");
}

function jsonOf(text: string, fail: (reason: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text around the place, and that is a prompt.
    return fail("not valid JSON");
  }
}

function clipped(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
