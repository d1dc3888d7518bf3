import type { BatchRequest } from "./batch-request.js";

/** The model that a request names. */
export function modelOf({ body }: Pick<BatchRequest, "body">): string | undefined {
  const { model } = body;
  return typeof model === "string" ? model : undefined;
}

/** The request with another model in place of the one that it names. */
export function withModel(request: BatchRequest, model: string | undefined): BatchRequest {
  return model === undefined ? request : { ...request, body: { ...request.body, model } };
}

/** The bound that a request sets to the tokens of its answer; `undefined` for none. An embedding has no output at all. */
export function mostOutputTokens({ url, body }: Pick<BatchRequest, "url" | "body">): number | undefined {
  if (url === "/v1/embeddings" || url === "/v1/moderations") return 0;
  for (const name of ["max_completion_tokens", "max_output_tokens", "max_tokens"]) {
    const value = body[name];
    if (typeof value === "number" && value >= 0) return value * answersOf(body);
  }
  return undefined;
}

function answersOf({ n }: BatchRequest["body"]): number {
  return typeof n === "number" && n > 1 ? n : 1;
}
