import { type EmulatorFetch, emulatorFetch } from "@bide/emulator";
import { expo, onException } from "bide";
import { type VirtualClock, virtualClock } from "bide/testing";
import OpenAI, { APIConnectionTimeoutError, RateLimitError } from "openai";
import { describe, expect, test } from "vitest";
import { type LlmOptions, resilient, StreamInterruptedError } from "../src/index.js";
import { refusal, scripted } from "./scripted.js";

type EmulatorOptions = Parameters<typeof emulatorFetch>[0];

interface Setting {
  readonly clock: VirtualClock;
  readonly server: EmulatorFetch;
  readonly client: ReturnType<typeof resilient<OpenAI>>;
}

function setting(emulator: EmulatorOptions, options: LlmOptions = {}): Setting {
  const clock = virtualClock();
  const server = emulatorFetch({ ...emulator, clock });
  const plain = new OpenAI({ apiKey: "sk-test", baseURL: "http://emulator/v1", fetch: server });
  return { clock, server, client: resilient(plain, { clock, ...options }) };
}

const QUESTION = { model: "gpt-x", messages: [{ role: "user" as const, content: "Hey! Mista!" }] };

async function ask({ clock, client }: Setting): Promise<OpenAI.ChatCompletion> {
  return clock.run(client.chat.completions.create(QUESTION));
}

/** Reads a stream to its end, or to its error. */
async function read({ clock, client }: Setting): Promise<{ text: string; error: unknown }> {
  let text = "";
  const reading = async (): Promise<unknown> => {
    try {
      for await (const chunk of await client.chat.completions.create({ ...QUESTION, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? "";
      }
      return undefined;
    } catch (error) {
      return error;
    }
  };
  const error = await clock.run(reading());
  return { text, error };
}

describe("the story", () => {
  test("a permanent 429 costs as many requests as you said", async () => {
    const set = setting({ faults: ["slow-down"] }, { maxAttempts: 4 });

    await expect(ask(set)).rejects.toThrow(RateLimitError);
    expect(set.server.log()).toHaveLength(4);
  });

  test("a permanent 429 costs as many requests as you said, also where the limit asks for no wait", async () => {
    const clock = virtualClock();
    const server = scripted(clock, refusal(429, "rate_limit_exceeded"));
    const plain = new OpenAI({ apiKey: "sk-test", baseURL: "http://emulator/v1", fetch: server });
    const client = resilient(plain, { clock, maxAttempts: 3 });

    await expect(clock.run(client.chat.completions.create(QUESTION))).rejects.toThrow(RateLimitError);
    expect(server.requests).toHaveLength(3);
  });

  test("insufficient_quota costs one request, and the key is stopped", async () => {
    const set = setting({ money: 0 });

    await expect(ask(set)).rejects.toMatchObject({ status: 429, code: "insufficient_quota" });
    await expect(ask(set)).rejects.toThrow(RateLimitError);
    expect(set.server.log()).toHaveLength(1);
  });

  test("when every attempt hangs, a deadline of 60 s takes 60 s", async () => {
    const set = setting({ faults: ["stall"] }, { deadline: "60s" });

    await expect(ask(set)).rejects.toThrow(APIConnectionTimeoutError);
    expect(set.clock.nowMs()).toBe(60_000);
  });

  test("Retry-After: 20 is a wait of 20 s and a little jitter", async () => {
    const set = setting({ rpm: 3, burst: 1 }, { quota: { learn: false } });

    await ask(set);
    const startMs = set.clock.nowMs();
    await ask(set);

    expect(set.clock.nowMs() - startMs).toBeGreaterThanOrEqual(20_000);
    expect(set.clock.nowMs() - startMs).toBeLessThan(22_000);
    expect(set.server.log().map(({ status }) => status)).toEqual([200, 429, 200]);
  });

  test.each(["500", "503", "529", "408", "409", "reset", "refuse", "reset-body"])("%s is retried", async (fault) => {
    const set = setting({ faults: [`${fault}:100%:1`] });

    expect((await ask(set)).choices[0]?.finish_reason).toBe("stop");
    expect(set.server.log()).toHaveLength(2);
  });

  test("a stream that breaks before the first token is retried", async () => {
    const set = setting({ faults: ["reset-body@0:100%:1"], answer: () => "A whole answer, at last." });

    expect(await read(set)).toEqual({ text: "A whole answer, at last.", error: undefined });
    expect(set.server.log()).toHaveLength(2);
  });

  test("a stream that breaks after it is a typed error with the text so far", async () => {
    const set = setting({ faults: ["reset-body@3"], answer: () => "A whole answer, never." });

    const { text, error } = await read(set);

    expect(error).toBeInstanceOf(StreamInterruptedError);
    expect(error).toMatchObject({ partial: text, reason: "cut" });
    expect(text).toBe("A whole answ");
    expect(set.server.log()).toHaveLength(1);
  });

  test("a stream that ends before its answer does is a typed error, too", async () => {
    const { error } = await read(setting({ faults: ["truncate@3"] }));

    expect(error).toMatchObject({ name: "StreamInterruptedError", reason: "truncated" });
  });

  test("success is the reply", async () => {
    const set = setting({ answer: () => "Hello." });
    const options = { maxTime: "60s", clock: set.clock } as const;
    const doCall = onException(
      expo(),
      [RateLimitError, APIConnectionTimeoutError],
      options,
    )(async (messages: typeof QUESTION.messages) => set.client.chat.completions.create({ ...QUESTION, messages }));

    const reply = await set.clock.run(doCall(QUESTION.messages));

    expect(reply.choices[0]?.message.content).toBe("Hello.");
  });
});
