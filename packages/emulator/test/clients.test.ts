import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { ApiError, GoogleGenAI } from "@google/genai";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { APICallError, generateText, streamText } from "ai";
import OpenAI, { AzureOpenAI } from "openai";
import { describe, expect, test } from "vitest";
import { type EmulatorOptions, startEmulator } from "../src/index.js";

const question = "Why is the sky blue?";
const messages = [{ role: "user" as const, content: question }];

/** What a rejected promise was rejected with. */
function failure(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    (value) => ({ unexpected: value }),
    (error: unknown) => error,
  );
}

async function textOf(parts: AsyncIterable<string | undefined>): Promise<string> {
  let text = "";
  for await (const part of parts) text += part ?? "";
  return text;
}

describe("openai", () => {
  const client = (url: string): OpenAI => new OpenAI({ apiKey: "test", baseURL: url, maxRetries: 0 });

  test("responses carry the same text whole and streamed", async () => {
    await using emulator = await startEmulator();
    const openai = client(emulator.baseUrl);
    const whole = await openai.responses.create({ model: "gpt-x", input: question });
    const stream = await openai.responses.create({ model: "gpt-x", input: question, stream: true });
    const types = [];
    let text = "";
    for await (const event of stream) {
      types.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
      if (event.type === "response.completed") expect(event.response.usage).toEqual(whole.usage);
    }
    expect(text).toBe(whole.output_text);
    expect(types[0]).toBe("response.created");
    expect(types.at(-1)).toBe("response.completed");
  });

  test("embeddings are unit vectors, the same in base64 and in numbers", async () => {
    await using emulator = await startEmulator();
    const openai = client(emulator.baseUrl);
    const ask = { model: "text-embedding-3-small", input: ["one", "two"], dimensions: 64 };
    const base64 = await openai.embeddings.create(ask);
    const float = await openai.embeddings.create({ ...ask, encoding_format: "float" });
    expect(base64.data).toHaveLength(2);
    expect(base64.data.map(({ embedding }) => embedding.map(Math.fround))).toEqual(
      float.data.map(({ embedding }) => embedding.map(Math.fround)),
    );
    expect(Math.hypot(...(float.data[0]?.embedding ?? []))).toBeCloseTo(1, 5);
  });

  test("tools are called with arguments that fit their schema, and not again after they answered", async () => {
    await using emulator = await startEmulator();
    const parameters = { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } };
    const tools = [{ type: "function" as const, function: { name: "weather", parameters } }];
    const asked = await client(emulator.baseUrl).chat.completions.create({ model: "gpt-x", messages, tools });
    const [choice] = asked.choices;
    const call = choice?.message.tool_calls?.[0];
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(call?.type === "function" && JSON.parse(call.function.arguments)).toEqual({
      city: expect.any(String),
      days: expect.any(Number),
    });
    const answered = { role: "tool" as const, tool_call_id: call?.id ?? "", content: "sunny" };
    const after = await client(emulator.baseUrl).chat.completions.create({
      model: "gpt-x",
      messages: [...messages, answered],
      tools,
    });
    expect(after.choices[0]?.finish_reason).toBe("stop");
  });

  test("JSON mode and JSON schemas give JSON", async () => {
    await using emulator = await startEmulator();
    const schema = { type: "object", properties: { mood: { enum: ["good", "bad"] } } };
    for (const response_format of [
      { type: "json_object" as const },
      { type: "json_schema" as const, json_schema: { name: "m", schema } },
    ]) {
      const answer = await client(emulator.baseUrl).chat.completions.create({
        model: "gpt-x",
        messages,
        response_format,
      });
      expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toBeTypeOf("object");
    }
  });

  test("several answers, cut at the caller's bound", async () => {
    await using emulator = await startEmulator();
    const ask = { model: "gpt-x", messages, n: 3, max_tokens: 4 };
    const answer = await client(emulator.baseUrl).chat.completions.create(ask);
    expect(answer.choices.map(({ finish_reason }) => finish_reason)).toEqual(["length", "length", "length"]);
    expect(new Set(answer.choices.map(({ message }) => message.content)).size).toBe(3);
    expect(answer.usage?.completion_tokens).toBe(12);
  });

  const cases: [string, EmulatorOptions, new (...args: never[]) => Error, object][] = [
    ["400", {}, OpenAI.BadRequestError, { status: 400 }],
    ["401", { keys: ["other"] }, OpenAI.AuthenticationError, { code: "invalid_api_key" }],
    ["404", { models: ["other"] }, OpenAI.NotFoundError, { code: "model_not_found" }],
    ["409", { faults: ["409"] }, OpenAI.ConflictError, { status: 409 }],
    ["429 of speed", { tpm: 20 }, OpenAI.RateLimitError, { code: "rate_limit_exceeded", type: "tokens" }],
    ["429 of money", { money: 0 }, OpenAI.RateLimitError, { code: "insufficient_quota", type: "insufficient_quota" }],
    ["429 slow down", { faults: ["slow-down"] }, OpenAI.RateLimitError, { code: "slow_down" }],
    ["500", { faults: ["500"] }, OpenAI.InternalServerError, { status: 500, type: "server_error" }],
    ["502 in HTML", { faults: ["502"] }, OpenAI.InternalServerError, { status: 502, error: undefined }],
    ["503", { faults: ["503"] }, OpenAI.InternalServerError, { code: "server_is_overloaded" }],
    ["a reset", { faults: ["reset"] }, OpenAI.APIConnectionError, { status: undefined }],
    ["context", { contextTokens: 2 }, OpenAI.BadRequestError, { code: "context_length_exceeded" }],
  ];
  test.each(cases)("%s is the client's own error class", async (name, options, errorClass, fields) => {
    await using emulator = await startEmulator(options);
    const ask = { model: "gpt-x", messages: name === "400" ? [] : messages, max_tokens: 30 };
    const error = await failure(client(emulator.baseUrl).chat.completions.create(ask));
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject(fields);
  });

  test("every endpoint refuses with the client's own error class", async () => {
    await using emulator = await startEmulator({ tpm: 1 });
    const openai = client(emulator.baseUrl);
    const asks = [
      openai.chat.completions.create({ model: "gpt-x", messages, stream: true }),
      openai.responses.create({ model: "gpt-x", input: question }),
      openai.embeddings.create({ model: "gpt-x", input: question }),
    ];
    for (const ask of asks) expect(await failure(ask)).toBeInstanceOf(OpenAI.RateLimitError);
    emulator.scenario({ keys: [] });
    expect(await failure(openai.models.list())).toBeInstanceOf(OpenAI.AuthenticationError);
  });

  test("an error inside a stream is the client's own error in chat, and the last event in responses", async () => {
    await using emulator = await startEmulator({ faults: ["error-frame@2"] });
    const openai = client(emulator.baseUrl);
    const chat = await openai.chat.completions.create({ model: "gpt-x", messages, stream: true });
    const seen: string[] = [];
    const error = await failure(
      (async () => {
        for await (const chunk of chat) seen.push(chunk.choices[0]?.delta.content ?? "");
      })(),
    );
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ type: "server_error" });
    expect(seen.filter((text) => text !== "")).toHaveLength(2);
    const response = await openai.responses.create({ model: "gpt-x", input: question, stream: true });
    const types: string[] = [];
    for await (const event of response) types.push(event.type);
    expect(types.at(-1)).toBe("error");
  });

  test("Azure's client finds its deployment", async () => {
    await using emulator = await startEmulator({ dialect: "azure", rpm: 600 });
    const azure = new AzureOpenAI({ apiKey: "k", endpoint: emulator.url, apiVersion: "2024-10-21", maxRetries: 0 });
    const { data, response } = await azure.chat.completions.create({ model: "my-deployment", messages }).withResponse();
    expect(data.model).toBe("my-deployment");
    expect(response.headers.get("x-ratelimit-reset-requests")).toMatch(/^\d+$/);
  });
});

describe("@anthropic-ai/sdk", () => {
  const client = (url: string): Anthropic => new Anthropic({ apiKey: "test", baseURL: url, maxRetries: 0 });
  const ask = { model: "claude-x", max_tokens: 1000, messages };

  test("messages carry the same text whole and streamed", async () => {
    await using emulator = await startEmulator({ dialect: "anthropic" });
    const anthropic = client(emulator.url);
    const whole = await anthropic.messages.create(ask);
    const streamed = await anthropic.messages.stream(ask).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage).toEqual(whole.usage);
    expect(streamed.stop_reason).toBe("end_turn");
  });

  test("a tool is used", async () => {
    await using emulator = await startEmulator({ dialect: "anthropic" });
    const tools = [{ name: "look", input_schema: { type: "object" as const, properties: { at: { type: "string" } } } }];
    const whole = await client(emulator.url).messages.create({ ...ask, tools });
    const streamed = await client(emulator.url)
      .messages.stream({ ...ask, tools })
      .finalMessage();
    expect(whole.stop_reason).toBe("tool_use");
    expect(whole.content).toMatchObject([{ type: "tool_use", name: "look", input: { at: expect.any(String) } }]);
    expect(streamed.content).toMatchObject([{ type: "tool_use", name: "look", input: { at: expect.any(String) } }]);
  });

  test("a JSON schema gets JSON", async () => {
    await using emulator = await startEmulator({ dialect: "anthropic" });
    const schema = { type: "object", properties: { at: { type: "integer" } }, additionalProperties: false };
    const format = { type: "json_schema" as const, schema };
    const whole = await client(emulator.url).messages.create({ ...ask, output_config: { format } });
    const [block] = whole.content;
    expect(block?.type === "text" && JSON.parse(block.text)).toEqual({ at: expect.any(Number) });
  });

  const cases: [string, EmulatorOptions, new (...args: never[]) => Error, object][] = [
    ["401", { keys: ["other"] }, Anthropic.AuthenticationError, { type: "authentication_error" }],
    ["404", { models: ["other"] }, Anthropic.NotFoundError, { type: "not_found_error" }],
    ["429", { itpm: 1 }, Anthropic.RateLimitError, { type: "rate_limit_error" }],
    ["402", { money: 0 }, Anthropic.APIError, { status: 402, type: "billing_error" }],
    ["529", { faults: ["529"] }, Anthropic.InternalServerError, { status: 529, type: "overloaded_error" }],
    ["a reset", { faults: ["reset"] }, Anthropic.APIConnectionError, { status: undefined }],
  ];
  test.each(cases)("%s is the client's own error class", async (_, options, errorClass, fields) => {
    await using emulator = await startEmulator({ dialect: "anthropic", ...options });
    const error = await failure(client(emulator.url).messages.create(ask));
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject(fields);
  });

  test("an error inside a stream is the client's own error", async () => {
    await using emulator = await startEmulator({ dialect: "anthropic", faults: ["error-frame@3"] });
    const error = await failure(client(emulator.url).messages.stream(ask).finalMessage());
    expect(error).toBeInstanceOf(Anthropic.APIError);
  });
});

describe("@google/genai", () => {
  const client = (url: string): GoogleGenAI => new GoogleGenAI({ apiKey: "test", httpOptions: { baseUrl: url } });
  const ask = { model: "gemini-x", contents: question };

  test("contents carry the same text whole and streamed", async () => {
    await using emulator = await startEmulator({ dialect: "gemini" });
    const whole = await client(emulator.url).models.generateContent(ask);
    let streamed = "";
    for await (const chunk of await client(emulator.url).models.generateContentStream(ask))
      streamed += chunk.text ?? "";
    expect(whole.text).toBeTruthy();
    expect(streamed).toBe(whole.text);
  });

  test("a limit is the client's own error, with the wait in the body", async () => {
    await using emulator = await startEmulator({ dialect: "gemini", rpm: 60, burst: 1 });
    await client(emulator.url).models.generateContent(ask);
    const error = await failure(client(emulator.url).models.generateContent(ask));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429 });
    expect(String(error)).toMatch(/"retryDelay":"(1|0\.9\d*)s"/);
  });
});

describe("the AI SDK's OpenAI provider", () => {
  test("chat and responses give the same text whole and streamed", async () => {
    await using emulator = await startEmulator();
    const provider = createOpenAI({ apiKey: "test", baseURL: emulator.baseUrl });
    for (const model of [provider.chat("gpt-x"), provider.responses("gpt-x")]) {
      const whole = await generateText({ model, prompt: question, maxRetries: 0 });
      const streamed = streamText({ model, prompt: question, maxRetries: 0 });
      expect(await textOf(streamed.textStream)).toBe(whole.text);
      expect(await streamed.finishReason).toBe("stop");
    }
  });

  test("a limit is the SDK's own error, retryable by its own account", async () => {
    await using emulator = await startEmulator({ tpm: 10 });
    const model = createOpenAI({ apiKey: "test", baseURL: emulator.baseUrl }).chat("gpt-x");
    const error = await failure(generateText({ model, prompt: question, maxRetries: 0 }));
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode: 429, isRetryable: true });
  });
});

describe("@langchain/openai", () => {
  test("embeddings are there", async () => {
    await using emulator = await startEmulator();
    const configuration = { baseURL: emulator.baseUrl };
    const embeddings = new OpenAIEmbeddings({ apiKey: "test", dimensions: 8, configuration });
    const [one, two] = await embeddings.embedDocuments(["one", "two"]);
    expect([one?.length, two?.length]).toEqual([8, 8]);
    expect(await embeddings.embedQuery("one")).toEqual(one);
  });

  const client = (url: string): ChatOpenAI =>
    new ChatOpenAI({ apiKey: "test", model: "gpt-x", maxRetries: 0, configuration: { baseURL: url } });

  test("invoke and stream give the same text", async () => {
    await using emulator = await startEmulator();
    const whole = await client(emulator.baseUrl).invoke(question);
    let streamed = "";
    for await (const chunk of await client(emulator.baseUrl).stream(question)) streamed += chunk.text;
    expect(whole.text).toBeTruthy();
    expect(streamed).toBe(whole.text);
  });

  test("a limit is an error with status 429", async () => {
    await using emulator = await startEmulator({ tpm: 10 });
    expect(await failure(client(emulator.baseUrl).invoke(question))).toMatchObject({ status: 429 });
  });
});
