import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { emulatorFetch } from "@bide/emulator";
import { GoogleGenAI } from "@google/genai";
import { ChatOpenAI } from "@langchain/openai";
import { generateText } from "ai";
import { virtualClock } from "bide/testing";
import OpenAI, { APIUserAbortError, BadRequestError, RateLimitError } from "openai";
import { describe, expect, test } from "vitest";
import { decisionOf, llmFetch, type ModelFallen, modelFallback, resilient } from "../src/index.js";

const messages = [{ role: "user" as const, content: "Hey! Mista!" }];

function setting(first: Parameters<typeof emulatorFetch>[0], second: Parameters<typeof emulatorFetch>[0] = {}) {
  const clock = virtualClock();
  const servers = [first, second].map((options) => emulatorFetch({ ...options, clock }));
  const client = (index: number): OpenAI =>
    resilient(new OpenAI({ apiKey: "k", baseURL: "http://emulator/v1", fetch: servers[index] }), {
      clock,
      maxAttempts: 2,
    });
  const requests = (): number[] => servers.map((server) => server.log().length);
  return { clock, requests, one: client(0), other: client(1) };
}

describe("a list of models", () => {
  test.each([
    ["is overloaded", { faults: ["503"] }, 2],
    ["has spent its money", { money: 0 }, 1],
    ["cannot be reached", { faults: ["refuse"] }, 2],
  ])("goes on to the next one when the first %s", async (_, broken, asked) => {
    const { clock, requests, one, other } = setting(broken);
    const fallen: ModelFallen[] = [];
    const list = [
      { client: one, model: "gpt-x" },
      { client: other, model: "gpt-y" },
    ];
    const models = modelFallback(list, { onFallback: (each) => fallen.push(each) });

    const reply = await clock.run(
      models.run(({ client, model }) => client.chat.completions.create({ model, messages })),
    );

    expect(reply.model).toBe("gpt-y");
    expect(requests()).toEqual([asked, 1]);
    expect(fallen.map(({ from, to }) => [from.model, to.model])).toEqual([["gpt-x", "gpt-y"]]);
  });

  test("stays with the first while that answers, and opens its streams", async () => {
    const { clock, requests, one, other } = setting({});
    const models = modelFallback([
      { client: one, model: "gpt-x" },
      { client: other, model: "gpt-y" },
    ]);

    const stream = await clock.run(
      models.run(({ client, model }) => client.chat.completions.create({ model, messages, stream: true })),
    );
    stream.controller.abort();

    expect(requests()).toEqual([1, 0]);
  });

  test("throws what the request itself is to blame for, unless it was named", async () => {
    const { clock, requests, one, other } = setting({ contextTokens: 2 });
    const first = { client: one, model: "gpt-x" };
    const second = { client: other, model: "gpt-long" };
    const ask = ({ client, model }: typeof first) => client.chat.completions.create({ model, messages });

    await expect(clock.run(modelFallback([first, second]).run(ask))).rejects.toThrow(BadRequestError);
    const named = modelFallback([{ ...first, on: ["context"] as const }, second]);
    expect((await clock.run(named.run(ask))).model).toBe("gpt-long");
    expect(requests()).toEqual([2, 1]);
  });

  test("throws the last model's own error when all of them fail", async () => {
    const { clock, one, other } = setting({ faults: ["503"] }, { money: 0 });
    const models = modelFallback([
      { client: one, model: "gpt-x" },
      { client: other, model: "gpt-y" },
    ]);

    await expect(
      clock.run(models.run(({ client, model }) => client.chat.completions.create({ model, messages }))),
    ).rejects.toThrow(RateLimitError);
  });

  test("is not gone through after the caller has left, nor for a mistake in the code", async () => {
    for (const error of [new APIUserAbortError(), new DOMException("left", "AbortError"), new ReferenceError("x")]) {
      const asked: string[] = [];
      const models = modelFallback([
        { client: 0, model: "a" },
        { client: 0, model: "b" },
      ]);
      const run = models.run(({ model }) => {
        asked.push(model);
        throw error;
      });

      await expect(run).rejects.toBe(error);
      expect(asked).toEqual(["a"]);
    }
  });

  test("is never empty", () => {
    expect(() => modelFallback([])).toThrow("expected `models` to be a list of at least one");
  });
});

describe("what an error of a client means", () => {
  const money = (dialect: "openai" | "anthropic" | "gemini"): typeof fetch => {
    const clock = virtualClock();
    const layer = llmFetch({ fetch: emulatorFetch({ clock, dialect, money: 0 }), clock });
    return (input, init) => clock.run(layer(input, init));
  };
  const base = "http://emulator";

  test.each<[string, () => PromiseLike<unknown>, string]>([
    [
      "openai",
      () =>
        new OpenAI({ apiKey: "k", baseURL: `${base}/v1`, fetch: money("openai") }).chat.completions.create({
          model: "m",
          messages,
        }),
      "quota",
    ],
    [
      "@anthropic-ai/sdk",
      () =>
        new Anthropic({ apiKey: "k", baseURL: base, fetch: money("anthropic") }).messages.create({
          model: "m",
          max_tokens: 9,
          messages,
        }),
      "quota",
    ],
    [
      "the AI SDK",
      () =>
        generateText({
          model: createOpenAI({ apiKey: "k", baseURL: `${base}/v1`, fetch: money("openai") }).chat("m"),
          prompt: "?",
          maxRetries: 0,
        }),
      "quota",
    ],
    [
      "@langchain/openai",
      () =>
        new ChatOpenAI({
          apiKey: "k",
          model: "m",
          maxRetries: 0,
          configuration: { baseURL: `${base}/v1`, fetch: money("openai") },
        }).invoke("?"),
      "quota",
    ],
    [
      "@google/genai",
      () =>
        new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: base, fetch: money("gemini") } }).models.generateContent(
          {
            model: "m",
            contents: "?",
          },
        ),
      "quota",
    ],
  ])("is read from what the client throws: %s", async (_, ask, expected) => {
    const error = await Promise.resolve(ask()).catch((thrown: unknown) => thrown);

    expect(decisionOf(error)?.class).toBe(expected);
  });

  test("is nothing where no call failed", () => {
    expect(decisionOf(new DOMException("left", "AbortError"))).toBeUndefined();
    expect(decisionOf(new ReferenceError("x"))).toBeUndefined();
  });
});
