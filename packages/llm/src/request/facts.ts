import { isObject, type JsonObject, numberAt, objectAt, parseJson, textAt } from "../json.js";
import { roughTokens } from "../quota/script-classes.js";
import { keyIdOf } from "./identity.js";
import type { PreparedRequest } from "./prepared.js";

/** What the layer knows of a request: enough for its quota and its stream, and nothing of its text. */
export interface RequestFacts {
  readonly url: URL;
  /** A hash of host and credentials. */
  readonly keyId: string;
  /** From the body, or from the path where the provider wants it there; `undefined` for what is no call of a model. */
  readonly model: string | undefined;
  /** Whether the caller asked for a stream of events. */
  readonly stream: boolean;
  /** What decides the price at admission. */
  readonly size: RequestSize;
}

/** Counts the tokens of a text, as `countTokens` of `gpt-tokenizer` does. */
export type CountTokens = (text: string) => number;

/** What a provider can tell of a request before it answers. */
export interface RequestSize {
  /** UTF-16 code units of all prompt text. */
  readonly characters: number;
  /** The tokens of that text: by the classes of its characters, or as the user's own tokenizer counts them. */
  readonly tokens: number;
  /** The bound on output tokens that the caller set, per answer. */
  readonly maxTokens: number | undefined;
  /** Answers asked for, or `best_of` where that is more. */
  readonly answers: number;
}

const MAX_TOKENS_KEYS = ["max_completion_tokens", "max_output_tokens", "max_tokens"] as const;
const PROMPT_KEYS = ["messages", "input", "prompt", "contents", "system", "instructions", "systemInstruction"] as const;
const NOT_TEXT: ReadonlySet<string> = new Set(["role", "type", "url", "data", "detail", "mimeType", "media_type"]);

/**
 * Reads a request. Bodies that are no JSON leave everything unknown.
 *
 * @param countTokens What counts the tokens of a text. @default an estimate by the classes of its characters
 * @param body The value of the body. @default what its text says
 */
export function factsOf(
  request: PreparedRequest,
  countTokens: CountTokens = roughTokens,
  body: JsonObject | undefined = jsonOf(request),
): RequestFacts {
  const url = urlOf(request.url);
  return {
    url,
    keyId: keyIdOf(url, request.headers),
    model: (body && textAt(body, "model")) ?? modelInPath(url.pathname),
    stream: body?.["stream"] === true || /:streamGenerateContent$/.test(url.pathname),
    size: sizeOf(body ?? {}, countTokens),
  };
}

let lastUrl: URL | undefined;
let lastAddress = "";

/** One address is asked again and again; taking it apart costs more than reading most requests. */
function urlOf(address: string): URL {
  if (lastUrl === undefined || address !== lastAddress) {
    lastUrl = new URL(address);
    lastAddress = address;
  }
  return lastUrl;
}

function jsonOf({ body }: PreparedRequest): JsonObject | undefined {
  const text =
    typeof body === "string" ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : undefined;
  const value = text?.trimStart().startsWith("{") ? parseJson(text) : undefined;
  return isObject(value) ? value : undefined;
}

/** Gemini: `/models/{model}:generateContent`; Azure: `/deployments/{deployment}/chat/completions`. */
function modelInPath(path: string): string | undefined {
  const [, model] = /\/models\/([^/:]+):/.exec(path) ?? /\/deployments\/([^/]+)\//.exec(path) ?? [];
  return model;
}

/** What a body tells of the price of its request. @param countTokens What counts the tokens of a text. @default an estimate */
export function sizeOf(body: JsonObject, countTokens: CountTokens = roughTokens): RequestSize {
  const key = MAX_TOKENS_KEYS.find((name) => numberAt(body, name) !== undefined);
  const maxTokens = key ? numberAt(body, key) : numberAt(objectAt(body, "generationConfig"), "maxOutputTokens");
  let characters = 0;
  let tokens = 0;
  for (const name of PROMPT_KEYS) {
    eachText(body[name], (text) => {
      characters += text.length;
      tokens += countTokens(text);
    });
  }
  return {
    characters,
    tokens,
    maxTokens,
    answers: Math.max(numberAt(body, "n") ?? 1, numberAt(body, "best_of") ?? 1),
  };
}

function eachText(value: unknown, visit: (text: string) => void): void {
  if (typeof value === "string") visit(value);
  else if (Array.isArray(value)) for (const item of value) eachText(item, visit);
  else if (isObject(value)) {
    // A parsed object has nothing but its own fields; a list of them costs more than the walk.
    for (const name in value) if (!NOT_TEXT.has(name)) eachText(value[name], visit);
  }
}
