import { describe, expect, test } from "vitest";
import type { DecisionClass } from "../src/index.js";
import { chat, delta, layered, OPENING, stream, told } from "./scripted.js";

/** An error inside a stream, as a provider sends it. */
interface StreamError {
  readonly name: string;
  readonly url: string;
  /** What the stream brings before it: an opening, and content. */
  readonly opening: string;
  readonly content: string;
  readonly event: string;
  readonly class: DecisionClass;
}

function data(value: unknown, event?: string): string {
  return `${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(value)}\n\n`;
}

const OPENAI = "https://api.openai.com/v1/chat/completions";
const RESPONSES = "https://api.openai.com/v1/responses";
const CHAT = { opening: OPENING, content: delta("Hello") } as const;
const RESPONSE = {
  opening: data({ type: "response.created", response: { status: "in_progress" } }, "response.created"),
  content: data({ type: "response.output_text.delta", delta: "Hello" }, "response.output_text.delta"),
} as const;
const MESSAGE = {
  opening: data({ type: "message_start", message: { usage: { input_tokens: 3 } } }, "message_start"),
  content: data({ type: "content_block_delta", delta: { type: "text_delta", text: "Hello" } }, "content_block_delta"),
} as const;
const CANDIDATE = {
  opening: data({ usageMetadata: { promptTokenCount: 3 } }),
  content: data({ candidates: [{ content: { parts: [{ text: "Hello" }] } }] }),
} as const;

const ERRORS: readonly StreamError[] = [
  {
    name: "OpenAI, chat",
    url: OPENAI,
    ...CHAT,
    event: data({ error: { message: "x", type: "server_error", code: null } }),
    class: "transient",
  },
  {
    name: "OpenAI, responses: an error event",
    url: RESPONSES,
    ...RESPONSE,
    event: data({ type: "error", code: "server_error", message: "x", param: null }, "error"),
    class: "transient",
  },
  {
    name: "OpenAI, responses: a response that failed",
    url: RESPONSES,
    ...RESPONSE,
    event: data(
      { type: "response.failed", response: { status: "failed", error: { code: "rate_limit_exceeded", message: "x" } } },
      "response.failed",
    ),
    class: "rate",
  },
  {
    name: "Anthropic",
    url: "https://api.anthropic.com/v1/messages",
    ...MESSAGE,
    event: data({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "error"),
    class: "overload",
  },
  {
    name: "OpenRouter, between its comments",
    url: "https://openrouter.ai/api/v1/chat/completions",
    opening: `: OPENROUTER PROCESSING\n\n${OPENING}`,
    content: CHAT.content,
    event: data({
      error: { code: 502, message: "x", metadata: { error_type: "provider_unavailable" } },
      choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
    }),
    class: "transient",
  },
  {
    name: "vLLM",
    url: "http://127.0.0.1:8000/v1/chat/completions",
    ...CHAT,
    event: `${data({ error: { message: "x", type: "InternalServerError", param: null, code: 500 } })}data: [DONE]\n\n`,
    class: "transient",
  },
  {
    name: "Gemini",
    url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:streamGenerateContent?alt=sse",
    ...CANDIDATE,
    event: data({ error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } }),
    class: "overload",
  },
];

describe("an error inside a stream", () => {
  test.each(ERRORS)(
    "$name: before any content it is a failed attempt",
    async ({ url, opening, event, ...expected }) => {
      const whole = stream([opening, expected.content, data({ type: "message_stop" })]);
      const { clock, fetch, server, events } = layered([stream([opening, event]), whole]);

      const response = await clock.run(fetch(url, chat({ stream: true })[1]));

      expect(await response.text()).toContain("Hello");
      expect(server.requests).toHaveLength(2);
      expect(events.find(({ type }) => type === "request-failed")).toMatchObject({
        decision: { class: expected.class },
      });
    },
  );

  test.each(ERRORS)("$name: after it, it is a typed error", async ({ url, opening, content, event, ...expected }) => {
    const { clock, fetch, server } = layered([stream([opening, content, event])]);
    const response = await clock.run(fetch(url, chat({ stream: true })[1]));

    await expect(clock.run(response.text())).rejects.toMatchObject({
      reason: "error-event",
      partial: "Hello",
      decision: { class: expected.class },
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe("a stream's end", () => {
  test("may say that the answer is incomplete: that is an end as well", async () => {
    const end = data({ type: "response.incomplete", response: { status: "incomplete" } }, "response.incomplete");
    const { clock, fetch } = layered([stream([RESPONSE.opening, RESPONSE.content, end])]);
    const response = await clock.run(fetch(RESPONSES, chat({ stream: true })[1]));

    expect(await clock.run(response.text())).toContain("response.incomplete");
  });

  test("may come after a content filter, which is an answer", async () => {
    const { clock, fetch, server } = layered([
      stream([...told("Hello").slice(0, 2), delta(undefined, "content_filter")]),
    ]);

    await (await clock.run(fetch(...chat({ stream: true })))).text();

    expect(server.requests).toHaveLength(1);
  });
});

test("a first chunk without choices, as Azure sends it, is no content", async () => {
  const empty = data({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] });
  const { clock, fetch, server } = layered([stream([empty]), stream([empty, ...told("Hello")])]);

  expect(await (await clock.run(fetch(...chat({ stream: true })))).text()).toContain("Hello");
  expect(server.requests).toHaveLength(2);
});
