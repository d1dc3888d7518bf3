import { describe, expect, test } from "vitest";
import { answer, chat, hang, json, layered, refusal, reset, type Step } from "./scripted.js";

function failing(code: string): Step {
  return () => Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) }));
}

describe("a request that may have been billed and is sent again", () => {
  test.each<[string, Step, number]>([
    ["was cut on its way", reset, 1],
    ["took too long", hang, 1],
    ["broke off in its body", () => new Response("{", { headers: { "content-type": "application/json" } }), 1],
    ["was lost by a gateway", refusal(504, "x"), 1],
    ["never reached the host", failing("ECONNREFUSED"), 0],
    ["found no name", failing("ENOTFOUND"), 0],
    ["found no connection in time", failing("UND_ERR_CONNECT_TIMEOUT"), 0],
    ["was refused", refusal(429, "rate_limit_exceeded"), 0],
    ["met a server that failed", refusal(500, "server_error"), 0],
  ])("is counted: it %s", async (_, step, counted) => {
    const { clock, fetch, events } = layered([step, answer("Hello.")], { attemptTimeout: "5s" });

    await clock.run(fetch(...chat()));

    expect(fetch.bide.stats().maybeBilledTwice).toBe(counted);
    expect(events.filter((event) => event.type === "request-failed")).toMatchObject([{ mayBeBilled: counted === 1 }]);
  });
});

describe("a request's own name", () => {
  test("goes along where the provider keeps one, and is told", async () => {
    const { clock, fetch, server, events } = layered([refusal(500, "x"), answer("Hello.")]);
    const [, init] = chat();

    await clock.run(fetch("https://api.openai.com/v1/chat/completions", init));

    const names = server.requests.map((request) => new Headers(request.init.headers).get("x-client-request-id"));
    expect(names).toEqual([expect.stringMatching(/^bide-[0-9a-f]{16}$/), expect.stringMatching(/^bide-/)]);
    expect(events.filter((event) => event.type === "request-sent").map(({ requestId }) => requestId)).toEqual(names);
  });

  test("is the caller's where the caller gave one, and none where nobody keeps it", async () => {
    const { clock, fetch, server } = layered([answer("Hello.")]);
    const [url, init] = chat();

    await clock.run(fetch(url, init));
    const headers = { ...init.headers, "x-client-request-id": "mine" };
    await clock.run(fetch("https://api.openai.com/v1/chat/completions", { ...init, headers }));

    const names = server.requests.map((request) => new Headers(request.init.headers).get("x-client-request-id"));
    expect(names).toEqual([null, "mine"]);
  });
});

describe("what a call costs", () => {
  const prices = { "gpt-x": { input: 2, output: 8, cachedInput: 1 } } as const;

  test("is the sum over the answers, at the price of the model", async () => {
    const usage = { prompt_tokens: 100, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 40 } };
    const { clock, fetch } = layered([answer("Hello.", usage)], { prices });

    await clock.run(fetch(...chat()));
    await clock.run(fetch(...chat()));

    expect(fetch.bide.stats().cost).toBeCloseTo((2 * (60 * 2 + 40 * 1 + 10 * 8)) / 1e6, 12);
  });

  test("is unknown without prices, and too low by the answers of models that have none", async () => {
    const unpriced = layered([answer("Hello.")]);
    await unpriced.clock.run(unpriced.fetch(...chat()));
    expect(unpriced.fetch.bide.stats().cost).toBeUndefined();

    const { clock, fetch } = layered([answer("Hello.")], { prices });
    await clock.run(fetch(...chat({ model: "gpt-y" })));
    expect(fetch.bide.stats()).toMatchObject({ cost: 0, unpriced: 1 });
  });
});

describe("what the provider tells of its limits", () => {
  const told = (remaining: number, second: number): Step =>
    json({ choices: [] }, 200, {
      date: `Thu, 01 Jan 1970 00:00:0${second} GMT`,
      "x-ratelimit-limit-requests": "500",
      "x-ratelimit-remaining-requests": String(remaining),
      "x-ratelimit-reset-requests": "120ms",
    });

  test("can be asked for, typed, for each key and model", async () => {
    const { clock, fetch } = layered([told(499, 0)]);

    await clock.run(fetch(...chat()));

    expect(fetch.bide.limits()).toEqual([
      {
        keyId: expect.stringMatching(/^[0-9a-f]{16}$/),
        model: "gpt-x",
        levels: { requests: { limit: 500, remaining: 499, resetMs: 120, per: "minute" } },
        toldMs: expect.any(Number),
      },
    ]);
  });

  test("is the last that was written, not the last that came", async () => {
    const { clock, fetch } = layered([told(10, 5), told(400, 1)]);

    await clock.run(fetch(...chat()));
    await clock.run(fetch(...chat()));

    expect(fetch.bide.limits()[0]?.levels.requests?.remaining).toBe(10);
  });
});
