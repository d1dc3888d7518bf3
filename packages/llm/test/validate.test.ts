import { type } from "arktype";
import OpenAI, { APIConnectionError } from "openai";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AnswerRejectedError, resilient, type StandardSchema } from "../src/index.js";
import { answer, chat, delta, json, layered, OPENING, scripted, stream } from "./scripted.js";

const mood = z.object({ mood: z.enum(["good", "bad"]) });
const GOOD = '{"mood":"good"}';

describe("an answer that must fit a schema", () => {
  test.each<[string, StandardSchema]>([
    ["zod", mood],
    ["valibot", v.object({ mood: v.picklist(["good", "bad"]) })],
    ["arktype", type({ mood: "'good' | 'bad'" })],
  ])("is asked for again until it does: %s", async (_, validate) => {
    const { clock, fetch, server } = layered([answer("no JSON"), answer('{"mood":7}'), answer(GOOD)], { validate });

    const response = await clock.run(fetch(...chat()));

    expect(await response.json()).toMatchObject({ choices: [{ message: { content: GOOD } }] });
    expect(server.requests).toHaveLength(3);
  });

  test("may stand in a fence of Markdown", async () => {
    const { clock, fetch, server } = layered([answer(`\`\`\`json\n${GOOD}\n\`\`\``)], { validate: mood });

    await clock.run(fetch(...chat()));

    expect(server.requests).toHaveLength(1);
  });

  test("and never does is an error that names the places and quotes nothing", async () => {
    const { clock, fetch, server } = layered([answer('{"mood":"secret"}')], { validate: mood, maxAttempts: 3 });

    const error = await clock.run(fetch(...chat()).catch((thrown: unknown) => thrown));

    expect(error).toBeInstanceOf(AnswerRejectedError);
    expect(error).toMatchObject({ paths: ["mood"] });
    expect(String(error)).not.toContain("secret");
    expect(server.requests).toHaveLength(3);
  });

  test("reaches the caller of a client as the cause of the client's own error", async () => {
    const { clock } = layered([]);
    const plain = new OpenAI({ apiKey: "k", baseURL: "http://x/v1", fetch: scripted(clock, answer("no")) });
    const client = resilient(plain, { clock, validate: mood, maxAttempts: 2 });
    const asking = client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "?" }] });

    const error = await clock.run(asking.catch((thrown: unknown) => thrown));

    expect(error).toBeInstanceOf(APIConnectionError);
    expect((error as Error).cause).toBeInstanceOf(AnswerRejectedError);
  });

  test("is paid for each time, and counted so", async () => {
    const { clock, fetch } = layered([answer("no"), answer(GOOD)], {
      validate: mood,
      prices: { "gpt-x": { input: 1, output: 2 } },
    });

    await clock.run(fetch(...chat()));

    expect(fetch.bide.stats()).toMatchObject({
      inputTokens: 6,
      outputTokens: 10,
      maybeBilledTwice: 1,
      cost: 26 / 1e6,
      unpriced: 0,
    });
  });

  test("is looked at in a stream that is read to its end first", async () => {
    const said = (...words: string[]) => stream([OPENING, ...words.map((word) => delta(word)), delta("", "stop")]);
    const { clock, fetch, server } = layered([said("{", "}"), said('{"mood"', ':"bad"}')], {
      validate: mood,
      buffered: true,
    });

    await (await clock.run(fetch(...chat({ stream: true })))).text();

    expect(server.requests).toHaveLength(2);
  });

  test("is not looked at where it calls a tool", async () => {
    const call = { role: "assistant", content: null, tool_calls: [{ id: "1", type: "function" }] };
    const { clock, fetch, server } = layered([json({ choices: [{ index: 0, message: call }] })], { validate: mood });

    await clock.run(fetch(...chat()));

    expect(server.requests).toHaveLength(1);
  });
});

describe("a schema", () => {
  test("that throws ends the call with what it threw", async () => {
    const mistake = new Error("a mistake");
    const validate: StandardSchema = {
      "~standard": { version: 1, vendor: "us", validate: () => Promise.reject(mistake) },
    };
    const { clock, fetch, server } = layered([answer(GOOD)], { validate });

    await expect(clock.run(fetch(...chat()))).rejects.toBe(mistake);
    expect(server.requests).toHaveLength(1);
  });

  test("that never answers is cut with its attempt", async () => {
    const validate: StandardSchema = {
      "~standard": { version: 1, vendor: "us", validate: () => new Promise(() => undefined) },
    };
    const { clock, fetch } = layered([answer(GOOD)], { validate, attemptTimeout: "5s", maxAttempts: 1 });

    await expect(clock.run(fetch(...chat()))).rejects.toMatchObject({ waitedFor: "answer" });
    expect(clock.nowMs()).toBe(5000);
  });

  test("of another kind is refused at once", () => {
    expect(() => layered([], { validate: {} as StandardSchema })).toThrow(
      "expected `validate` to be a Standard Schema",
    );
  });
});
