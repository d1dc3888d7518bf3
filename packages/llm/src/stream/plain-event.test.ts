import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventLog } from "./event-log.js";
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
    '{"candidates":[{"finishReason":                    null}]}',
    '{"type":                     "x"}',
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

describe("an event that shares its beginning and its end with a plain one", () => {
  const like = (text: string, before: string): boolean => {
    const log = new EventLog();
    log.add(bytesOf(before), 0, bytesOf(before).length);
    const bytes = bytesOf(text);
    expect(isPlain(bytesOf(before), 0, bytesOf(before).length)).toBe(true);
    return isPlain(bytes, 0, bytes.length, log.shared(bytes, 0, bytes.length));
  };

  it.each([
    [
      '{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}',
      '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
    ],
    [
      '{"a":"finish_reason\\":  "x","finish_reason":       null}',
      '{"a":"finish_reason\\":  "x","finish_reason":       "stop"}',
    ],
    ['{"type":  "response.output_text.delta"}', '{"type":  "response.completed"}'],
    ['{"type":"message_delta"}', '{"type":"message_stop"}'],
    ['{"choices":[{"text":"a"}]}', '{"choices":[{"text":"a"}],"usage":{}}'],
    ['{"a":{"b":"c"}}', '{"error":{"b":"c"}}'],
    ['{"xerror":{"b":"c"}}', '{"error":{"b":"c"}}'],
    ['{"errors":1}', '{"error":1}'],
  ])("is read whole where %s is followed by %s", (before, text) => {
    expect(like(text, before)).toBe(false);
  });

  it("is plain where it is more of the same", () => {
    const [one, two] = ["Hi", "Hello there"].map(
      (word) => `{"choices":[{"delta":{"content":"${word}"},"finish_reason":null}]}`,
    );
    expect(like(two as string, one as string)).toBe(true);
  });

  it("is never taken for plain where a look at the whole of it would not", () => {
    const piece = fc.constantFrom(
      '"finish_reason"',
      '"finishReason"',
      ":",
      " ",
      "         ",
      "null",
      '"stop"',
      '"type":',
      '"message_stop"',
      '"message_delta"',
      '"response.',
      'completed"',
      'output"',
      '"error"',
      '"usage"',
      ",",
      "x",
    );
    const event = fc.array(piece, { maxLength: 12 }).map((pieces) => `{${pieces.join("")}}`);
    fc.assert(
      fc.property(event, event, (before, text) => {
        const [last, bytes] = [bytesOf(before), bytesOf(text)];
        fc.pre(isPlain(last, 0, last.length));
        const log = new EventLog();
        log.add(last, 0, last.length);
        expect(isPlain(bytes, 0, bytes.length, log.shared(bytes, 0, bytes.length))).toBe(plain(text));
      }),
      { numRuns: 5000 },
    );
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
