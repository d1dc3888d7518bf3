import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emulatorFetch } from "../src/index.js";

/** Names that the routes read, so that what is made up reaches the places where it is used. */
const FIELDS = [
  "model",
  "messages",
  "input",
  "contents",
  "parts",
  "role",
  "content",
  "text",
  "type",
  "stream",
  "stream_options",
  "include_usage",
  "n",
  "max_tokens",
  "max_output_tokens",
  "dimensions",
  "encoding_format",
  "tools",
  "function",
  "functionDeclarations",
  "name",
  "parameters",
  "input_schema",
  "tool_choice",
  "response_format",
  "json_schema",
  "schema",
  "generationConfig",
  "responseMimeType",
  "responseSchema",
  "candidateCount",
  "$ref",
  "properties",
  "items",
  "enum",
  "anyOf",
  "minimum",
  "metadata",
  "user",
  "system",
  "instructions",
  "__proto__",
  "toString",
];
const WORDS = [
  "user",
  "tool",
  "function",
  "object",
  "array",
  "json_schema",
  "json_object",
  "application/json",
  "#",
  "#/properties/a",
];

const { any } = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(...WORDS),
    fc.string({ maxLength: 5 }),
    fc.integer({ min: -1, max: 5 }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  ),
  any: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    tie("leaf"),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie("any"), { maxKeys: 5 }),
  ),
}));

/** Bodies that a route takes, with anything at all in place of what they do not need. */
const ROUTES: readonly [path: string, valid: object][] = [
  ["/v1/chat/completions", { model: "m", messages: [{ role: "user", content: "hi" }] }],
  ["/v1/responses", { model: "m", input: "hi" }],
  ["/v1/embeddings", { model: "m", input: "hi" }],
  ["/v1/messages", { model: "m", max_tokens: 5, messages: [{ role: "user", content: "hi" }] }],
  ["/v1beta/models/m:generateContent", { contents: [{ parts: [{ text: "hi" }] }] }],
  ["/v1beta/models/m:streamGenerateContent?alt=sse", { contents: [{ parts: [{ text: "hi" }] }] }],
  ["/v1beta/models/m:streamGenerateContent", { contents: [{ parts: [{ text: "hi" }] }] }],
];

async function outcome(path: string, body: unknown): Promise<number> {
  const call = emulatorFetch({ contextTokens: 10_000, answerLength: { medianTokens: 3, sigma: 0 } });
  const response = await call(`http://emulator.test${path}`, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  if (response.status !== 200) expect(JSON.parse(text)).toHaveProperty("error.message");
  return response.status;
}

describe("whatever JSON comes is answered, or refused in the provider's shape", () => {
  test.each(ROUTES)("%s", async (path, valid) => {
    const some = fc.dictionary(fc.constantFrom(...FIELDS), any, { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          any,
          some,
          some.map((extra) => ({ ...extra, ...valid })),
          some.map((extra) => ({ ...valid, ...extra })),
        ),
        async (body) => {
          expect([200, 400]).toContain(await outcome(path, body));
        },
      ),
      { numRuns: 150 },
    );
  });
});
