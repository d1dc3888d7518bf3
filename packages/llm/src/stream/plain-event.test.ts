import { describe, expect, it } from "vitest";
import { dataStart, isPlain } from "./plain-event.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const plain = (text: string): boolean => isPlain(bytesOf(text), 0, bytesOf(text).length);

describe("an event that is more of the same", () => {
  it.each([
    '{"choices":[{"delta":{"content":"Hi"},"finish_reason":null}]}',
    '{"choices":[{"delta":{"content":"say \\"error\\""},"finish_reason": null}]}',
    '{"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}',
    '{"type":"response.output_text.delta","delta":"x"}',
  ])("is %s", (text) => {
    expect(plain(text)).toBe(true);
  });
});

describe("an event that has to be read whole", () => {
  it.each([
    '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
    '{"candidates":[{"finishReason": \t"STOP"}]}',
    '{"type":"message_stop"}',
    '{"type": "response.completed"}',
    '{"type":"response.incomplete"}',
    '{"type":"response.failed"}',
    '{"type":"response.cancelled"}',
    '{"error":{"message":"no"}}',
    '{"usage":{"prompt_tokens":1}}',
    '{"candidates":[],"usageMetadata":{}}',
    '{"choices":[',
    "[DONE]",
    "",
  ])("is %s", (text) => {
    expect(plain(text)).toBe(false);
  });
});

describe("the beginning of an event's data", () => {
  it.each([
    ["data: {}", 6],
    ["event: ping\ndata: {}", 18],
    ["event: error\ndata: {}", -1],
    ["event: ping", -1],
    [": comment", -1],
    ["data:{}", -1],
    ["id: 1\ndata: {}", -1],
    ["", -1],
  ])("in %j is at %d", (text, at) => {
    expect(dataStart(bytesOf(text), 0)).toBe(at);
  });
});
