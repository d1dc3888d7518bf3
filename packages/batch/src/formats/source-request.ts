import { createHash } from "node:crypto";
import type { BatchRequest } from "./batch-request.js";
import { isObject, type JsonObject, parsedJson } from "./json.js";

/** A request as it comes out of an input, with what it takes to have it again later. */
export interface SourceRequest {
  /** From 1: the line, or the record, that it came from. */
  readonly line: number;
  readonly request: BatchRequest;
  /** Whether its `custom_id` was made of its content, so that two that are the same are told apart by a number. */
  readonly isNamedByContent: boolean;
  readonly place: FilePlace | KeptRequest;
}

/** Bytes of the input that can be read again. */
export interface FilePlace {
  readonly offset: number;
  readonly length: number;
}

/** What the journal keeps of a request that stands in no file as it is sent. */
export interface KeptRequest {
  readonly text: string;
  /** The record that it was made of, for results that repeat it. */
  readonly source?: string | undefined;
}

/** A request as the journal keeps it: `{"url":"/v1/chat/completions","body":{…}}`. */
export function keptText({ url, body }: Pick<BatchRequest, "url" | "body">): string {
  return JSON.stringify({ url, body });
}

/** @throws TypeError for anything but what {@link keptText} wrote. */
export function parseKept(text: string): { readonly url: string; readonly body: JsonObject } {
  const value = parsedJson(text);
  if (isObject(value) && typeof value["url"] === "string" && isObject(value["body"])) {
    return { url: value["url"], body: value["body"] };
  }
  throw new TypeError("a kept request is not as it was written");
}

/** Names a request by its content, so that its name stays when lines before it come or go. */
export function contentId(request: Pick<BatchRequest, "url" | "body">): string {
  return `prompt-${createHash("sha256").update(keptText(request)).digest("hex").slice(0, 16)}`;
}
