import { type EmulatorFetch, emulatorFetch } from "@bide/emulator";
import { type VirtualClock, virtualClock } from "bide/testing";
import OpenAI, { APIUserAbortError, RateLimitError } from "openai";
import { describe, expect, test } from "vitest";
import { resilient, StreamInterruptedError } from "../src/index.js";
import { answer, refusal, type Step, scripted } from "./scripted.js";

// What the official client gets wrong when it is looked at from outside, put right beneath the same client: a text cut short
// taken for the whole, raw errors of the network, hanging without an end, storms of retries, waits that are ignored.

const TEXT = "It is blue, because air scatters blue light most.";
const QUESTION = { model: "gpt-x", messages: [{ role: "user" as const, content: "Why is the sky blue?" }] };

function setting(faults: readonly string[] = [], options: Parameters<typeof emulatorFetch>[0] = {}) {
  const clock = virtualClock();
  const server = emulatorFetch({ ...options, faults, answer: () => TEXT, latency: "0ms/50ms", clock });
  return { clock, server, client: clientOver(server, clock) };
}

function clientOver(fetch: EmulatorFetch | ReturnType<typeof scripted>, clock: VirtualClock): OpenAI {
  const plain = new OpenAI({ apiKey: "sk-test", baseURL: "http://emulator/v1", fetch, timeout: 1500, maxRetries: 2 });
  return resilient(plain, { clock, random: () => 0.5, timeouts: { betweenEvents: "1500ms" } });
}

async function read(client: OpenAI): Promise<{ text: string; error: unknown }> {
  let text = "";
  try {
    for await (const { choices } of await client.chat.completions.create({ ...QUESTION, stream: true })) {
      text += choices[0]?.delta.content ?? "";
    }
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}

describe("a stream", () => {
  test.each([
    ["that ends cleanly in the middle of its answer is no success", "truncate@3", "truncated"],
    ["that brings an error after content is a typed error", "error-frame@3", "error-event"],
    ["whose connection is cut is a typed error, and no raw TypeError", "reset-body@3", "cut"],
    ["that falls silent ends", "stall-body@3", "stalled"],
    ["that only keeps alive ends as well", "stall-comments@3", "stalled"],
  ])("%s", async (_, fault, reason) => {
    const { clock, server, client } = setting([fault]);

    const { text, error } = await clock.run(read(client));

    expect(error).toBeInstanceOf(StreamInterruptedError);
    expect(error).toMatchObject({ reason, partial: text });
    expect(text).toBe(TEXT.slice(0, 12));
    expect(server.log()).toHaveLength(1);
  });
});

describe("an answer in one piece", () => {
  test("whose body stalls is cut and asked for again", async () => {
    const { clock, server, client } = setting(["stall-body:100%:1"]);

    const reply = await clock.run(client.chat.completions.create(QUESTION));

    expect(reply.choices[0]?.message.content).toBe(TEXT);
    const [first, second] = server.log();
    expect(second && first && second.atMs - first.atMs).toBe(1750);
  });
});

describe("a refusal", () => {
  test("for want of money costs one request", async () => {
    const { clock, server, client } = setting([], { money: 0 });

    await expect(clock.run(client.chat.completions.create(QUESTION))).rejects.toMatchObject({
      code: "insufficient_quota",
    });
    expect(server.log()).toHaveLength(1);
  });

  test.each([
    ["garbage", { "retry-after": "soon", "retry-after-ms": "NaN" }],
    ["a date gone by", { "retry-after": "Mon, 01 Jan 1968 00:00:00 GMT" }],
    ["a negative number", { "retry-after": "-5" }],
    ["an endless number", { "retry-after": "1e999" }],
  ])("whose Retry-After is %s is followed by backoff, and no storm", async (_, headers) => {
    const clock = virtualClock();
    const step: Step = refusal(429, "rate_limit_exceeded", headers);
    const server = scripted(clock, step, step, answer(TEXT));

    await clock.run(clientOver(server, clock).chat.completions.create(QUESTION));

    const [first, second, third] = server.requests.map(({ atMs }) => atMs) as [number, number, number];
    expect(server.requests).toHaveLength(3);
    expect(second - first).toBeGreaterThanOrEqual(250);
    expect(third - second).toBeGreaterThanOrEqual(500);
  });

  test("that asks for 90 s is waited for that long", async () => {
    const clock = virtualClock();
    const server = scripted(clock, refusal(429, "rate_limit_exceeded", { "retry-after": "90" }), answer(TEXT));

    await clock.run(clientOver(server, clock).chat.completions.create(QUESTION));

    const [, second] = server.requests;
    expect(second?.atMs).toBeGreaterThanOrEqual(90_000);
    // A tenth at most, so that those who were refused together do not come back together.
    expect(second?.atMs).toBeLessThan(99_000);
  });

  test("that asks for 90 s can be left at once", async () => {
    const clock = virtualClock();
    const server = scripted(clock, refusal(429, "rate_limit_exceeded", { "retry-after": "90" }), answer(TEXT));
    const caller = new AbortController();
    const asking = clientOver(server, clock).chat.completions.create(QUESTION, { signal: caller.signal });
    const left = expect(asking).rejects.toThrow(APIUserAbortError);
    await clock.advance("10s");

    caller.abort();

    await left;
    expect(clock.nowMs()).toBe(10_000);
    expect(clock.pending).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  test("that asks for three days is the client's own error at once, with the time in its headers", async () => {
    const clock = virtualClock();
    const server = scripted(clock, refusal(429, "rate_limit_exceeded", { "retry-after": "259200" }));

    const error = await clock.run(
      clientOver(server, clock)
        .chat.completions.create(QUESTION)
        .catch((thrown: unknown) => thrown),
    );

    expect(error).toBeInstanceOf(RateLimitError);
    expect((error as RateLimitError).headers?.get("retry-after")).toBe("259200");
    expect(clock.nowMs()).toBe(0);
  });
});
