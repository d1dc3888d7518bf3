import type { Usage } from "./dialects/dialect.js";
import { isObject, type JsonObject, numberAt, objectAt, parseJson } from "./json.js";

/** The usage in an answer or in an event of a stream, in whichever spelling. */
export function usageOf(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const holders = [value, objectAt(value, "response"), objectAt(value, "message"), objectAt(value, "x_groq")];
  for (const holder of holders) {
    const usage = isObject(holder["usage"]) ? tokensOf(holder["usage"]) : metadataOf(objectAt(holder, "usageMetadata"));
    if (usage) return usage;
  }
  return undefined;
}

/** The same of the text of an event. */
export function usageOfText(data: string | undefined): Usage | undefined {
  return data === undefined ? undefined : usageOf(parseJson(data));
}

function tokensOf(usage: JsonObject): Usage | undefined {
  const inputTokens = numberAt(usage, "prompt_tokens") ?? numberAt(usage, "input_tokens");
  const outputTokens = numberAt(usage, "completion_tokens") ?? numberAt(usage, "output_tokens") ?? 0;
  if (inputTokens === undefined) return undefined;
  const details = { ...objectAt(usage, "prompt_tokens_details"), ...objectAt(usage, "input_tokens_details") };
  const cachedTokens = numberAt(details, "cached_tokens") ?? numberAt(usage, "cache_read_input_tokens") ?? 0;
  return { inputTokens, outputTokens, cachedTokens };
}

function metadataOf(metadata: JsonObject): Usage | undefined {
  const inputTokens = numberAt(metadata, "promptTokenCount");
  if (inputTokens === undefined) return undefined;
  const outputTokens =
    (numberAt(metadata, "candidatesTokenCount") ?? 0) + (numberAt(metadata, "thoughtsTokenCount") ?? 0);
  return { inputTokens, outputTokens, cachedTokens: numberAt(metadata, "cachedContentTokenCount") ?? 0 };
}
