import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Output } from "../io.js";
import { printable } from "../printable.js";
import { UsageError } from "../usage-error.js";

/** The text of a whole ChatCompletion. @throws UsageError for an answer that is none. */
export function replyIn(text: string): string {
  const content = contentOf(jsonOf(text), "message");
  if (content === undefined) throw noCompletion();
  return content;
}

/** Prints the text of a streamed ChatCompletion as it comes. @throws UsageError for a stream that is none. */
export async function printStream(body: ReadableStream<Uint8Array>, stdout: Output): Promise<void> {
  const events = body
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream());
  let isCompletion = false;
  for await (const { data } of events) {
    const content = contentOf(jsonOf(data), "delta");
    isCompletion ||= content !== undefined;
    if (content) stdout.write(printable(content));
  }
  stdout.write("\n");
  if (!isCompletion) throw noCompletion();
}

/** What an endpoint says about a refusal, in its own words. */
export function messageIn(text: string): string {
  const body = jsonOf(text);
  const message = isObject(body) && isObject(body["error"]) ? body["error"]["message"] : undefined;
  return typeof message === "string" && message !== "" ? printable(message) : "no reason given";
}

function contentOf(completion: unknown, part: "message" | "delta"): string | undefined {
  const choices = isObject(completion) ? completion["choices"] : undefined;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const holder = isObject(first) ? first[part] : undefined;
  if (!isObject(holder)) return undefined;
  const content = holder["content"] ?? holder["refusal"] ?? "";
  return typeof content === "string" ? content : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noCompletion(): UsageError {
  return new UsageError("the endpoint answered with something that is no chat completion; check --base-url");
}
