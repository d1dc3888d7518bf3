import type { Usage } from "./dialects/dialect.js";
import { isObject, type JsonObject, numberAt, objectAt, parseJson } from "./json.js";

/** The usage in an answer or in an event of a stream, in whichever spelling. */
export function usageOf(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  return usageIn(value) ?? usageIn(value["response"]) ?? usageIn(value["message"]) ?? usageIn(value["x_groq"]);
}

function usageIn(holder: unknown): Usage | undefined {
  if (!isObject(holder)) return undefined;
  const { usage, usageMetadata } = holder;
  if (isObject(usage)) return tokensOf(usage);
  return isObject(usageMetadata) ? metadataOf(usageMetadata) : undefined;
}

/** The same of the text of an event. */
export function usageOfText(data: string | undefined): Usage | undefined {
  return data === undefined ? undefined : usageOf(parseJson(data));
}

function tokensOf(usage: JsonObject): Usage | undefined {
  const inputTokens = countAt(usage, "prompt_tokens") ?? countAt(usage, "input_tokens");
  const outputTokens = countAt(usage, "completion_tokens") ?? countAt(usage, "output_tokens") ?? 0;
  if (inputTokens === undefined) return undefined;
  const cachedTokens =
    countAt(objectAt(usage, "input_tokens_details"), "cached_tokens") ??
    countAt(objectAt(usage, "prompt_tokens_details"), "cached_tokens") ??
    countAt(usage, "cache_read_input_tokens") ??
    0;
  return { inputTokens, outputTokens, cachedTokens };
}

function metadataOf(metadata: JsonObject): Usage | undefined {
  const inputTokens = countAt(metadata, "promptTokenCount");
  if (inputTokens === undefined) return undefined;
  const outputTokens =
    (countAt(metadata, "candidatesTokenCount") ?? 0) + (countAt(metadata, "thoughtsTokenCount") ?? 0);
  return { inputTokens, outputTokens, cachedTokens: countAt(metadata, "cachedContentTokenCount") ?? 0 };
}

/** A number of tokens; what is less than none is no number of them. */
function countAt(parent: JsonObject, key: string): number | undefined {
  const count = numberAt(parent, key);
  return count === undefined || count < 0 ? undefined : count;
}
