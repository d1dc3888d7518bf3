import { createHash } from "node:crypto";
import type { BatchRequest } from "../formats/batch-request.js";
import { isObject, parsedJson } from "../formats/json.js";

/** What a job asks of a worker. */
export interface Order {
  readonly request: BatchRequest;
  /** Tells the schema that the answer must fit from others; none: "". */
  readonly mark: string;
}

/** The mark of a schema. */
export function markOf(schema: string | undefined): string {
  return schema === undefined ? "" : createHash("sha256").update(schema).digest("hex").slice(0, 16);
}

/** An order as text, to be sealed. */
export function orderText({ request: { url, body }, mark }: Order): string {
  return JSON.stringify({ url, body, mark });
}

/** @throws TypeError for anything but what {@link orderText} wrote. */
export function parseOrder(text: string, customId: string): Order {
  const value = parsedJson(text);
  if (isObject(value) && typeof value["url"] === "string" && isObject(value["body"])) {
    return { request: { customId, url: value["url"], body: value["body"] }, mark: String(value["mark"] ?? "") };
  }
  throw new TypeError("a job holds no request");
}
