import { type LimiterStore, memoryLimiterStore } from "bide";
import { describe, expect, test } from "vitest";
import { llmFetch, MalformedAnswerError, Quota, RequestTimeoutError } from "../src/index.js";
import { answer, chat, hang, json, refusal, reset, type Step, layered as setup } from "./scripted.js";

const RATE = refusal(429, "rate_limit_exceeded", { "retry-after": "20" });

describe("the final failure", () => {
  test("is the provider's last answer, word for word, and no layer above retries it", async () => {
    const { clock, fetch } = setup([reset, refusal(500, "server_error", { "x-request-id": "req_7" })], {
      maxAttempts: 3,
    });

    const response = await clock.run(fetch(...chat()));

    expect(response.status).toBe(500);
    expect(response.headers.get("x-request-id")).toBe("req_7");
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toMatchObject({ error: { code: "server_error" } });
  });

  test("is the network's own error, the same object, where nothing was answered", async () => {
    const error = new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code: "ECONNREFUSED" }) });
    const { clock, fetch, server } = setup([() => Promise.reject(error)], { maxAttempts: 3 });

    await expect(clock.run(fetch(...chat()))).rejects.toBe(error);
    expect(server.requests).toHaveLength(3);
  });

  test("is handed on whole where its body is longer than what was read of it", async () => {
    const long = "x".repeat(300_000);
    const { clock, fetch } = setup([() => new Response(long, { status: 400 })]);

    expect(await (await clock.run(fetch(...chat()))).text()).toBe(long);
  });

  test("is a programming error as it is, at once", async () => {
    const error = new ReferenceError("no such thing");
    const { clock, fetch, server } = setup([() => Promise.reject(error)]);

    await expect(clock.run(fetch(...chat()))).rejects.toBe(error);
    expect(server.requests).toHaveLength(1);
  });

  test("is an error without the value where a header cannot be sent: it may be a key", async () => {
    const { fetch, server } = setup([answer("Hello.")]);
    const [url, init] = chat();
    const broken = { ...init, headers: { authorization: "Bearer sk-secret\nsk-secret" } };

    for (const target of [url, new Request(url)])
      await expect(fetch(target, broken)).rejects.toThrow(
        /^a header of the request has a name or a value that HTTP does not allow$/,
      );
    expect(server.requests).toHaveLength(0);
  });

  test.each([400, 401, 403, 404, 413, 422])("is a %i after one request", async (status) => {
    const { clock, fetch, server } = setup([refusal(status, "x")]);

    expect((await clock.run(fetch(...chat()))).status).toBe(status);
    expect(server.requests).toHaveLength(1);
  });
});

describe("an answer that claims success", () => {
  test.each([
    ["cut", () => new Response('{"choices":[{"mess', { headers: { "content-type": "application/json" } })],
    ["empty", () => new Response("", { headers: { "content-type": "application/json" } })],
    ["a page of HTML", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["an error in disguise", json({ error: { code: 503, message: "overloaded" } })],
  ] as [string, Step][])("and is %s is retried", async (_, broken) => {
    const { clock, fetch } = setup([broken, answer("Hello.")]);

    expect(await (await clock.run(fetch(...chat()))).json()).toMatchObject({ choices: [{ index: 0 }] });
  });

  test("and stays unreadable is an error that says so", async () => {
    const { clock, fetch } = setup([() => new Response("{", { headers: { "content-type": "application/json" } })]);

    await expect(clock.run(fetch(...chat()))).rejects.toThrow(MalformedAnswerError);
  });

  test("and stays an error in disguise gets the status that it names", async () => {
    const { clock, fetch } = setup([json({ error: { code: 503, message: "overloaded" } })]);

    expect((await clock.run(fetch(...chat()))).status).toBe(503);
  });

  test("is handed on as its bytes were, with its headers and its address", async () => {
    const { clock, fetch } = setup([json({ choices: [], n: 1.0 }, 200, { "x-request-id": "req_1" })]);

    const response = await clock.run(fetch(...chat()));

    expect(await response.text()).toBe('{"choices":[],"n":1}');
    expect(response.headers.get("x-request-id")).toBe("req_1");
  });
});

describe("a stopped key", () => {
  test("sends nothing more for any caller, those who wait included, until it is resumed", async () => {
    const slow = refusal(500, "server_error");
    const { clock, fetch, server, events } = setup([slow, refusal(429, "insufficient_quota"), answer("Hello.")]);

    const waiting = fetch(...chat());
    await clock.advance(1);
    const stopping = await fetch(...chat());
    const [late, later] = await clock.run(Promise.all([waiting, fetch(...chat())]));

    expect([stopping.status, late.status, later.status]).toEqual([429, 429, 429]);
    expect(await later.json()).toMatchObject({ error: { code: "insufficient_quota" } });
    expect(server.requests).toHaveLength(2);
    fetch.bide.resume();
    expect((await clock.run(fetch(...chat()))).status).toBe(200);
    expect(events.filter(({ type }) => type.startsWith("key-")).map(({ type }) => type)).toEqual([
      "key-stopped",
      "key-resumed",
    ]);
  });

  test("does not cut what is on the wire already", async () => {
    let finish: (response: Response) => void = () => undefined;
    const slow: Step = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const { clock, fetch } = setup([slow, refusal(429, "insufficient_quota")]);

    const early = fetch(...chat());
    await clock.run(fetch(...chat()));
    finish(new Response("{}", { headers: { "content-type": "application/json" } }));

    expect((await clock.run(early)).status).toBe(200);
  });

  test("is one key at one host, and no other", async () => {
    const { clock, fetch, server } = setup([refusal(401, "invalid_api_key"), answer("Hello.")]);

    await clock.run(fetch(...chat({}, "sk-wrong")));
    const right = await clock.run(fetch(...chat({}, "sk-right")));

    expect(right.status).toBe(200);
    expect(server.requests).toHaveLength(2);
    expect([...fetch.bide.stoppedKeys().values()]).toEqual([{ class: "auth", reason: "the key was not accepted" }]);
  });
});

describe("a hint", () => {
  test("holds back every caller of the key and the model, and nobody else", async () => {
    const { clock, fetch, server } = setup([RATE, answer("Hello.")]);

    const calls = [fetch(...chat())];
    await clock.advance("1s");
    calls.push(fetch(...chat()), fetch(...chat({ model: "gpt-y" })));
    await clock.run(Promise.all(calls));

    expect(server.requests.map(({ atMs }) => atMs)).toEqual([0, 1000, 20_000, 21_000]);
  });

  test("that cannot fit ends the call at once, with the answer that asked", async () => {
    const { clock, fetch, server, events } = setup([RATE], { deadline: "10s" });

    const response = await clock.run(fetch(...chat()));

    expect(response.status).toBe(429);
    expect(clock.nowMs()).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: "call-failed", reason: "hint-exceeds-deadline", retryAfterMs: 20_000 });
    expect(server.requests).toHaveLength(1);
  });

  test("that cannot fit answers later callers as well, without a request, with the time that is left", async () => {
    const { clock, fetch, server } = setup([RATE], { deadline: "10s" });
    await clock.run(fetch(...chat()));
    await clock.advance("5s");

    const response = await clock.run(fetch(...chat()));

    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "15"]);
    expect(server.requests).toHaveLength(1);
  });

  test("consumes no attempt of those whose request was on its way when the pause began", async () => {
    const late: Step = async ({ init }) => {
      await clock.sleep(500);
      return RATE({ url: "", init });
    };
    const steps = [RATE, late, late, answer("Hello.")];
    const { clock, fetch, events } = setup(steps, { maxAttempts: 2 });

    const responses = await clock.run(Promise.all([fetch(...chat()), fetch(...chat()), fetch(...chat())]));

    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    const failed = events.filter((event) => event.type === "request-failed");
    expect(failed.map(({ isFree }) => isFree)).toEqual([false, true, true]);
  });
});

describe("a quota", () => {
  const quota = { rpm: 60, tpm: 6000, burst: 2 } as const;

  test("lets requests go at its rate, and waiting consumes no attempt", async () => {
    const { clock, fetch, server } = setup([answer("Hello.")], { quota, maxAttempts: 1 });

    await clock.run(Promise.all(Array.from({ length: 5 }, () => fetch(...chat()))));

    expect(server.requests.map(({ atMs }) => Math.round(atMs))).toEqual([0, 50, 1050, 2050, 3050]);
  });

  test("charges what the provider does: the bound on the output, or a quarter of the characters", async () => {
    const { clock, fetch, server } = setup([answer("Hello.")], { quota: { tpm: 6000 } });

    await clock.run(fetch(...chat({ max_tokens: 5000 })));
    await clock.run(fetch(...chat({ messages: [{ role: "user", content: "x".repeat(8000) }] })));

    expect(server.requests.map(({ atMs }) => Math.round(atMs))).toEqual([0, 10_050]);
  });

  test("is shared by sharing the value", async () => {
    const shared = new Quota({ rpm: 60, burst: 1 });
    const { clock, fetch, server } = setup([answer("Hello.")], { quota: shared });
    const other = llmFetch({ clock, fetch: server, quota: shared });

    await clock.run(Promise.all([fetch(...chat()), other(...chat())]));

    expect(server.requests.map(({ atMs }) => Math.round(atMs))).toEqual([0, 1000]);
  });

  test("is shared by sharing its stores, one for each key and model, named without the key", async () => {
    const stores = new Map<string, LimiterStore>();
    const store = (lane: string): LimiterStore => {
      const shared = stores.get(lane) ?? memoryLimiterStore();
      stores.set(lane, shared);
      return shared;
    };
    const { clock, fetch, server } = setup([answer("Hello.")], { quota: { rpm: 60, burst: 1, store } });
    const other = llmFetch({ clock, fetch: server, quota: { rpm: 60, burst: 1, store } });

    await clock.run(Promise.all([fetch(...chat()), other(...chat())]));

    expect(server.requests.map(({ atMs }) => Math.round(atMs))).toEqual([0, 1000]);
    expect([...stores.keys()]).toEqual([expect.stringMatching(/^[0-9a-f]{16} gpt-x$/)]);
  });

  test("is left by those who leave the queue", async () => {
    const { clock, fetch, server } = setup([answer("Hello.")], { quota: { rpm: 1, burst: 1 } });
    const caller = new AbortController();
    const [url, init] = chat();
    await clock.run(fetch(url, init));
    const waiting = fetch(url, { ...init, signal: caller.signal });
    await clock.advance("1s");

    caller.abort("enough");

    await expect(waiting).rejects.toBe("enough");
    expect(server.requests).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});

describe("time", () => {
  test("an attempt that takes too long is cut and retried", async () => {
    const { clock, fetch, server } = setup([hang, answer("Hello.")], { attemptTimeout: "5s" });

    await clock.run(fetch(...chat()));

    expect(server.requests.map(({ atMs }) => atMs)).toEqual([0, 5250]);
  });

  test("headers have a time of their own", async () => {
    const { clock, fetch } = setup([hang], { timeouts: { headers: "2s" }, maxAttempts: 1 });

    await expect(clock.run(fetch(...chat()))).rejects.toMatchObject({ waitedFor: "headers", timeoutMs: 2000 });
  });

  test("a deadline cuts whatever runs", async () => {
    const { clock, fetch } = setup([hang], { deadline: "3s" });

    await expect(clock.run(fetch(...chat()))).rejects.toThrow(RequestTimeoutError);
    expect(clock.nowMs()).toBe(3000);
  });

  test("an abort is the caller's own reason, at once, and leaves nothing behind", async () => {
    const { clock, fetch, server } = setup([refusal(500, "x")]);
    const caller = new AbortController();
    const [url, init] = chat();
    const running = fetch(url, { ...init, signal: caller.signal });
    await clock.advance(1);

    caller.abort("enough");

    await expect(running).rejects.toBe("enough");
    expect(server.requests).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test("a call that is aborted as its turn comes sends nothing, tells of no request, and gives its place back", async () => {
    const leaving = new AbortController();
    const quota = new Quota({ concurrency: 1 });
    const { clock, server, fetch, events } = setup([answer("Hello.")], {
      quota,
      onEvent: ({ type }) => {
        // The place of the first has just been given to the second.
        if (type === "answer-settled") leaving.abort("enough");
      },
    });
    const [url, init] = chat();
    const calls = [fetch(url, init), fetch(url, { ...init, signal: leaving.signal }), fetch(url, init)];

    const settled = await clock.run(Promise.allSettled(calls));

    expect(settled.map((call) => (call.status === "fulfilled" ? call.value.status : call.reason))).toEqual([
      ...[200, "enough", 200],
    ]);
    expect(server.requests).toHaveLength(2);
    expect(events.filter(({ type }) => type === "request-sent")).toHaveLength(2);
    expect(events.filter(({ type }) => type === "request-abandoned")).toEqual([]);
    expect(quota.state()).toMatchObject([{ inFlight: 0, queueLength: 0 }]);
  });

  test("an aborted call sends nothing", async () => {
    const { clock, fetch, server } = setup([answer("Hello.")]);
    const [url, init] = chat();

    await expect(clock.run(fetch(url, { ...init, signal: AbortSignal.abort("no") }))).rejects.toBe("no");
    expect(server.requests).toHaveLength(0);
  });
});

describe("a request", () => {
  test("of a Request object is sent as it is, as often as needed", async () => {
    const { clock, fetch, server } = setup([refusal(500, "x"), answer("Hello.")]);

    await clock.run(fetch(new Request(...chat())));

    const bodies = server.requests.map(({ init }) => new TextDecoder().decode(init.body as Uint8Array));
    expect(bodies).toEqual([chat()[1].body, chat()[1].body]);
  });

  test("whose body is a stream is sent once", async () => {
    const { clock, fetch, server } = setup([refusal(500, "x")]);
    const body = new ReadableStream({ start: (controller) => controller.close() });

    const response = await clock.run(fetch("https://api.example.com/v1/files", { method: "POST", body }));

    expect(response.status).toBe(500);
    expect(server.requests).toHaveLength(1);
  });
});

describe("what is told", () => {
  test("is no prompt, no answer and no key", async () => {
    const { clock, fetch, events } = setup([RATE, refusal(500, "server_error"), answer("a secret answer")]);

    await clock.run(fetch(...chat({ messages: [{ role: "user", content: "a secret prompt" }] }, "sk-secret")));

    expect(JSON.stringify([events, fetch.bide.stats()])).not.toMatch(/secret/);
    expect(events.filter(({ type }) => type !== "quota-changed").map(({ type }) => type)).toEqual([
      "request-sent",
      "request-failed",
      "bucket-paused",
      "retry-planned",
      "request-sent",
      "request-failed",
      "retry-planned",
      "request-sent",
      "answer-settled",
      "call-answered",
    ]);
  });

  test("adds up", async () => {
    const { clock, fetch } = setup([RATE, reset, answer("Hello.")]);

    await clock.run(fetch(...chat()));

    expect(fetch.bide.stats()).toMatchObject({
      calls: 1,
      answered: 1,
      requests: 3,
      failures: { rate: 1, transient: 1 },
      waitsMs: { rate: 21_000, transient: 500 },
      tooManyRequests: 1,
      maybeBilledTwice: 1,
      inputTokens: 3,
      outputTokens: 5,
    });
  });

  test("reaches listeners that throw, and changes nothing", async () => {
    const { clock, fetch } = setup([answer("Hello.")], {
      onEvent: () => {
        throw new Error("no");
      },
    });

    expect((await clock.run(fetch(...chat()))).status).toBe(200);
  });
});
