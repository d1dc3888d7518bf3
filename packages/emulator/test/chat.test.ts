import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { type Emulator, emulatorFetch, startEmulator } from "../src/index.js";

const ask = { model: "gpt-x", messages: [{ role: "user" as const, content: "Hey! Mista!" }] };

describe("chat completions through the official openai client", () => {
  test("the same question gets the same answer, byte for byte", async () => {
    await using emulator = await startEmulator();
    const client = clientOf(emulator);
    const first = await client.chat.completions.create(ask);
    expect(first.choices[0]?.message.content).toBeTruthy();
    expect(await client.chat.completions.create(ask)).toEqual(first);
  });

  test("a stream carries the text and the usage of the whole answer", async () => {
    await using emulator = await startEmulator({ latency: "5ms/0.1ms" });
    const client = clientOf(emulator);
    const whole = await client.chat.completions.create(ask);
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    const chunks = [];
    for await (const chunk of await client.chat.completions.create({ ...ask, ...options })) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      whole.choices[0]?.message.content,
    );
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
  });

  test("a limit refuses with the client's own error class and says when to come again", async () => {
    await using emulator = await startEmulator({ rpm: 60, burst: 1 });
    const client = clientOf(emulator);
    await client.chat.completions.create(ask);
    const error = await client.chat.completions.create(ask).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ code: "rate_limit_exceeded", type: "requests" });
    expect(emulator.log().map(({ verdict, dimension }) => [verdict, dimension])).toEqual([
      ["answered", undefined],
      ["rate-limited", "rpm"],
    ]);
  });

  test("models are listed", async () => {
    await using emulator = await startEmulator({ models: ["gpt-x"] });
    const list = await clientOf(emulator).models.list();
    expect(list.data.map(({ id }) => id)).toEqual(["gpt-x"]);
  });
});

function clientOf(emulator: Emulator): OpenAI {
  return new OpenAI({ apiKey: "test-key", baseURL: emulator.baseUrl, maxRetries: 0 });
}

test("an address that there is not is told apart from a model that there is not", async () => {
  const call = emulatorFetch({ models: ["gpt-x"] });
  const told = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await call(`https://any.host${path}`, init);
    return [response.status, await response.json()];
  };
  const body = { type: "invalid_request_error", param: null };

  expect(await told("/chat/completions", { method: "POST", body: "{}" })).toEqual([
    404,
    { error: { ...body, code: null, message: "Invalid URL (POST /chat/completions)" } },
  ]);
  expect(await told("/v1/models/gpt-y")).toEqual([
    404,
    { error: { ...body, code: "model_not_found", message: "The model 'gpt-y' does not exist" } },
  ]);
});
