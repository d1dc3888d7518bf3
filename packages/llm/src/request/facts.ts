import { isObject, type JsonObject, numberAt, objectAt, parseJson, textAt } from "../json.js";
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

/** What a provider can tell of a request before it answers. */
export interface RequestSize {
  /** UTF-16 code units of all prompt text. */
  readonly characters: number;
  /** The bound on output tokens that the caller set, per answer. */
  readonly maxTokens: number | undefined;
  /** Answers asked for, or `best_of` where that is more. */
  readonly answers: number;
}

const MAX_TOKENS_KEYS = ["max_completion_tokens", "max_output_tokens", "max_tokens"] as const;
const PROMPT_KEYS = ["messages", "input", "prompt", "contents", "system", "instructions", "systemInstruction"] as const;
const NOT_TEXT: ReadonlySet<string> = new Set(["role", "type", "url", "data", "detail", "mimeType", "media_type"]);

/** Reads a request. Bodies that are no JSON leave everything unknown. */
export function factsOf(request: PreparedRequest): RequestFacts {
  const url = new URL(request.url);
  const body = jsonOf(request);
  return {
    url,
    keyId: keyIdOf(url, request.headers),
    model: (body && textAt(body, "model")) ?? modelInPath(url.pathname),
    stream: body?.["stream"] === true || /:streamGenerateContent$/.test(url.pathname),
    size: sizeOf(body ?? {}),
  };
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

function sizeOf(body: JsonObject): RequestSize {
  const key = MAX_TOKENS_KEYS.find((name) => numberAt(body, name) !== undefined);
  const maxTokens = key ? numberAt(body, key) : numberAt(objectAt(body, "generationConfig"), "maxOutputTokens");
  return {
    characters: PROMPT_KEYS.reduce((sum, name) => sum + charactersOf(body[name]), 0),
    maxTokens,
    answers: Math.max(numberAt(body, "n") ?? 1, numberAt(body, "best_of") ?? 1),
  };
}

function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + charactersOf(item), 0);
  if (!isObject(value)) return 0;
  let sum = 0;
  for (const [name, inner] of Object.entries(value)) if (!NOT_TEXT.has(name)) sum += charactersOf(inner);
  return sum;
}
