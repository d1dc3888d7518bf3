import { BadRequest, isObject, itemsOf, type JsonObject, optionalCount, requiredText } from "../json.js";
import { hashText, mixSeed, seededRandom } from "../model/hash.js";
import type { Asked, Route } from "./route.js";

/** `POST /v1/embeddings`, and Azure's path with a deployment in it. */
export const embeddingsRoute: Route = {
  name: "embeddings",
  streamType: "application/json",
  errorFrame: (body) => body,
  read: readEmbeddings,
};

const MOST_INPUTS = 2048;

function readEmbeddings(body: JsonObject, [deployment]: readonly string[]): Asked {
  const model = deployment ?? requiredText(body, "model");
  const inputs = inputsOf(body["input"]);
  const dimensions = optionalCount(body, "dimensions", 1, 4096) ?? 1536;
  const base64 = body["encoding_format"] === "base64";
  return {
    model,
    prompt: inputs,
    // Token ids count one token each, which is four characters to the estimate.
    size: { characters: inputs.reduce((sum, input) => sum + sizeOf(input), 0), maxTokens: 0 },
    stream: false,
    outputTokens: 0,
    json: ({ admitted }) => ({
      object: "list",
      data: inputs.map((input, index) => {
        const vector = vectorOf(JSON.stringify(input), dimensions);
        return { object: "embedding", index, embedding: base64 ? base64Of(vector) : [...vector] };
      }),
      model,
      usage: { prompt_tokens: admitted.inputTokens, total_tokens: admitted.inputTokens },
    }),
    events: () => [],
  };
}

type Input = string | readonly unknown[];

function inputsOf(input: unknown): readonly Input[] {
  if (typeof input === "string" && input !== "") return [input];
  const items = itemsOf(input);
  if (items.length === 0 || items.length > MOST_INPUTS || items.some((item) => isObject(item) || item === "")) {
    throw new BadRequest(`'input' must be text or tokens, or a list of at most ${MOST_INPUTS} of them.`, "input");
  }
  if (typeof items[0] === "number") return [items];
  return items.map((item) => (typeof item === "string" ? item : itemsOf(item)));
}

function sizeOf(input: Input): number {
  return typeof input === "string" ? input.length : input.length * 4;
}

/** A unit vector that depends on the text alone. */
function vectorOf(text: string, dimensions: number): Float32Array {
  const random = seededRandom(mixSeed(hashText(text), 0xe3b));
  const vector = Float32Array.from({ length: dimensions }, () => random() * 2 - 1);
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}

function base64Of(vector: Float32Array): string {
  const bytes = new Uint8Array(vector.buffer);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
