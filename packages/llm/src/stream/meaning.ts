import { isObject, itemsAt, type JsonObject, objectAt, parseJson, textAt } from "../json.js";

/** What one event of a stream means for the stream. */
export interface Meaning {
  /** It brings something of the answer: from here on nothing is tried again. */
  readonly content: boolean;
  /** It says that the answer is whole. */
  readonly finish: boolean;
  /** The error that it carries, where it carries one. */
  readonly error?: JsonObject | undefined;
  /** It is no JSON, though its stream's other events are. */
  readonly malformed?: boolean | undefined;
}

const PREAMBLE: Meaning = { content: false, finish: false };
const CONTENT: Meaning = { content: true, finish: false };
const FINISH: Meaning = { content: false, finish: true };
const MALFORMED: Meaning = { content: false, finish: false, malformed: true };

/** Reads one event whole: OpenAI's chat, completions and responses, Anthropic's messages, Gemini's candidates. */
export function meaningOf(event: string | undefined, data: string): Meaning {
  if (data.startsWith("[DONE]")) return FINISH;
  const value = parseJson(data);
  if (!isObject(value)) return value === undefined ? MALFORMED : CONTENT;
  const error = errorIn(event, value);
  if (error) return { content: false, finish: false, error };
  if (Array.isArray(value["choices"])) return meaningOfChoices(itemsAt(value, "choices"));
  if (Array.isArray(value["candidates"])) return meaningOfCandidates(itemsAt(value, "candidates"));
  const type = textAt(value, "type");
  if (type !== undefined) return meaningOfType(type);
  // Usage and metadata alone are no content; what is not known at all is taken for content, so that it is never repeated.
  return "usage" in value || "usageMetadata" in value || "promptFeedback" in value ? PREAMBLE : CONTENT;
}

function errorIn(event: string | undefined, value: JsonObject): JsonObject | undefined {
  if (isObject(value["error"]) || (typeof value["error"] === "string" && value["error"] !== "")) return value;
  if (event === "error" || value["type"] === "error") return value;
  // The Responses API ends in an event whose response carries the error.
  const response = objectAt(value, "response");
  return value["type"] === "response.failed" && isObject(response["error"]) ? value : undefined;
}

function meaningOfChoices(choices: readonly unknown[]): Meaning {
  let content = false;
  let finish = false;
  for (const choice of choices) {
    if (!isObject(choice)) continue;
    if (textAt(choice, "finish_reason")) finish = true;
    if (textAt(choice, "text")) content = true;
    if (hasContent(objectAt(choice, "delta")) || hasContent(objectAt(choice, "message"))) content = true;
  }
  return { content, finish };
}

/** A role alone, or an empty string, is how a stream opens. */
function hasContent(delta: JsonObject): boolean {
  return Object.entries(delta).some(([key, value]) => key !== "role" && !isEmpty(value));
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

function meaningOfCandidates(candidates: readonly unknown[]): Meaning {
  let content = false;
  let finish = false;
  for (const candidate of candidates) {
    if (!isObject(candidate)) continue;
    if (textAt(candidate, "finishReason")) finish = true;
    if (itemsAt(objectAt(candidate, "content"), "parts").length > 0) content = true;
  }
  return { content, finish };
}

const ENDS: ReadonlySet<string> = new Set([
  "message_stop",
  "response.completed",
  "response.incomplete",
  "response.failed",
  "response.cancelled",
]);
const OPENINGS: ReadonlySet<string> = new Set([
  "message_start",
  "ping",
  "content_block_start",
  "response.created",
  "response.queued",
  "response.in_progress",
  "response.output_item.added",
  "response.content_part.added",
]);

function meaningOfType(type: string): Meaning {
  if (ENDS.has(type)) return FINISH;
  return OPENINGS.has(type) ? PREAMBLE : CONTENT;
}

const FINISHED =
  /"finish_?[rR]eason":\s*"|"type":\s*"(?:message_stop|response\.(?:completed|incomplete|failed|cancelled))"/;

/**
 * Reads an event of which only its end or an error can still matter, without parsing it. Inside the text of an answer the
 * quotes are escaped, so that what is looked for cannot stand there.
 */
export function glance(event: string | undefined, data: string): Meaning {
  if (data.startsWith("[DONE]")) return FINISH;
  if (event === "error" || data.includes('"error"') || !isClosed(data)) return meaningOf(event, data);
  return FINISHED.test(data) ? FINISH : CONTENT;
}

/** A JSON object that was cut has lost its last brace; one that has it may still be broken, which its reader will say. */
function isClosed(data: string): boolean {
  return data.startsWith("{") && data.endsWith("}");
}
