import type { JsonObject } from "../json.js";

const CREATED = 1_750_000_000;

/** What exists where no models are named. */
export const EXAMPLE_MODELS: readonly string[] = ["gpt-4o-mini", "gpt-4o", "text-embedding-3-small"];

/** `GET /v1/models`. */
export function modelList(models: readonly string[]): JsonObject {
  return { object: "list", data: models.map(modelCard) };
}

/** `GET /v1/models/{model}`. */
export function modelCard(id: string): JsonObject {
  return { id, object: "model", created: CREATED, owned_by: "emulator" };
}
