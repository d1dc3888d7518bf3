import { describe, expect, test, vi } from "vitest";
import { AttemptTimeoutError, DeadlineError, OptionError } from "../errors.js";
import { observe } from "../events.js";
import { RETRYING_FETCH_DEFAULTS, retryingFetch } from "../http.js";
import { virtualClock } from "../testing.js";

type Reply = Response | Error | (() => Response | Promise<Response>);
type Stub = typeof fetch & { readonly requests: Request[]; readonly signals: unknown[] };

/** A `fetch` that gives these answers in turn, the last one for ever, and keeps what it was asked. */
function stub(...replies: Reply[]): Stub {
  const requests: Request[] = [];
  const signals: unknown[] = [];
  const send = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    requests.push(new Request(input, init));
    signals.push(init?.signal);
    const reply = replies[Math.min(requests.length, replies.length) - 1];
    if (reply instanceof Error) throw reply;
    if (reply instanceof Response) return reply;
    return reply ? reply() : new Response("ok");
  };
  return Object.assign(send as typeof fetch, { requests, signals });
}

function answer(status: number, headers: Record<string, string> = {}): Response {
  return new Response(`body of ${status}`, { status, headers });
}

const networkFailure = (): TypeError =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
const URL = "https://api.example/things";

describe("retryingFetch: what is sent again", () => {
  test.each([408, 425, 429, 500, 502, 503, 504])("an answer %i is asked for again", async (status) => {
    const clock = virtualClock();
    const fetch = stub(answer(status), answer(200));
    const response = await clock.run(retryingFetch({ fetch, clock })(URL));
    expect([response.status, fetch.requests.length]).toEqual([200, 2]);
  });

  test.each([200, 204, 301, 304, 400, 401, 403, 404, 409, 413, 422, 501, 505, 511, 529])(
    "an answer %i is handed out as it is",
    async (status) => {
      const reply = new Response(null, { status });
      const fetch = stub(reply);
      expect(await retryingFetch({ fetch })(URL)).toBe(reply);
      expect(fetch.requests).toHaveLength(1);
    },
  );

  test("a network failure is tried again, and at the end comes out as the very error", async () => {
    const clock = virtualClock();
    const error = networkFailure();
    const fetch = stub(error);
    await expect(clock.run(retryingFetch({ fetch, clock, maxAttempts: 3 })(URL))).rejects.toBe(error);
    expect(fetch.requests).toHaveLength(3);
  });

  test.each([
    ["a certificate that is not right", Object.assign(new Error("expired"), { code: "CERT_HAS_EXPIRED" })],
    ["a name that the certificate does not cover", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }],
    ["a scheme that fetch does not know", new Error("unknown scheme")],
    ["a port that fetch does not go to", new Error("bad port")],
  ])("%s is not tried again, though it looks like a broken line", async (_what, cause) => {
    const error = new TypeError("fetch failed", { cause });
    const fetch = stub(error);
    await expect(retryingFetch({ fetch })(URL)).rejects.toBe(error);
    expect(fetch.requests).toHaveLength(1);
  });

  test("a mistake in the call is not tried again", async () => {
    const error = new TypeError("Failed to parse URL from /things");
    const fetch = stub(error);
    await expect(retryingFetch({ fetch })(URL)).rejects.toBe(error);
    expect(fetch.requests).toHaveLength(1);
  });

  test("`on` decides about errors in its place", async () => {
    const clock = virtualClock();
    const fetch = stub(new TypeError("odd"), answer(200));
    await clock.run(retryingFetch({ fetch, clock, on: TypeError })(URL));
    expect(fetch.requests).toHaveLength(2);
  });

  test("other statuses may be named", async () => {
    const clock = virtualClock();
    const fetch = stub(answer(529), answer(503));
    const response = await clock.run(retryingFetch({ fetch, clock, statuses: [529] })(URL));
    expect([response.status, fetch.requests.length]).toEqual([503, 2]);
  });

  test("the host's own fetch is looked up at each call", async () => {
    const original = globalThis.fetch;
    const patient = retryingFetch();
    const fetch = stub(answer(200));
    try {
      globalThis.fetch = fetch;
      await patient(URL, { headers: { "x-a": "1" } });
    } finally {
      globalThis.fetch = original;
    }
    expect(fetch.requests[0]?.headers.get("x-a")).toBe("1");
  });
});

describe("retryingFetch: methods", () => {
  async function attemptsOf(init: RequestInit, methods?: readonly string[]): Promise<number> {
    const clock = virtualClock();
    const fetch = stub(answer(503), answer(200));
    await clock.run(retryingFetch({ fetch, clock, methods })(URL, init));
    return fetch.requests.length;
  }

  test.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "get"])(
    "%s is sent again: it is idempotent",
    async (method) => {
      expect(await attemptsOf({ method })).toBe(2);
    },
  );

  test.each(["POST", "PATCH", "post", "PROPFIND"])("%s is sent once, and its answer handed out", async (method) => {
    expect(await attemptsOf({ method })).toBe(1);
  });

  test.each([{ "Idempotency-Key": "k1" }, new Headers({ "idempotency-key": "k1" }), [["IDEMPOTENCY-KEY", "k1"]]])(
    "a POST with an Idempotency-Key is sent again",
    async (headers) => {
      expect(await attemptsOf({ method: "POST", headers: headers as HeadersInit })).toBe(2);
    },
  );

  test("named methods take the place of the defaults, in either case", async () => {
    expect(await attemptsOf({ method: "POST" }, ["post"])).toBe(2);
    expect(await attemptsOf({ method: "GET" }, ["post"])).toBe(1);
  });

  test("method and key of a Request count, and the second argument counts before them", async () => {
    const clock = virtualClock();
    const post = new Request(URL, { method: "POST", headers: { "idempotency-key": "k" } });
    const sent = async (init?: RequestInit): Promise<number> => {
      const fetch = stub(answer(503), answer(200));
      await clock.run(retryingFetch({ fetch, clock })(post, init));
      return fetch.requests.length;
    };
    expect([await sent(), await sent({ headers: {} }), await sent({ method: "PUT", headers: {} })]).toEqual([2, 1, 2]);
  });

  test("a network failure of a POST comes out at once", async () => {
    const error = networkFailure();
    const fetch = stub(error);
    await expect(retryingFetch({ fetch })(URL, { method: "POST" })).rejects.toBe(error);
    expect(fetch.requests).toHaveLength(1);
  });
});

describe("retryingFetch: bodies", () => {
  async function bodiesOf(init: Parameters<ReturnType<typeof retryingFetch>>[1]): Promise<readonly string[]> {
    const clock = virtualClock();
    const fetch = stub(answer(503), answer(503), answer(200));
    await clock.run(retryingFetch({ fetch, clock })(URL, { method: "PUT", ...init }));
    return Promise.all(fetch.requests.map((request) => request.text()));
  }
  const form = new FormData();
  form.set("k", "v");

  test.each([
    ["a string", "text"],
    ["a buffer", new TextEncoder().encode("text").buffer],
    ["a view of a buffer", new TextEncoder().encode("text")],
    ["a Blob", new Blob(["text"])],
    ["URLSearchParams", new URLSearchParams({ text: "" })],
  ])("%s is sent with every attempt", async (_kind, body) => {
    const bodies = await bodiesOf({ body });
    expect(bodies.map((text) => text.slice(0, 4))).toEqual(["text", "text", "text"]);
  });

  test("FormData is sent with every attempt", async () => {
    const bodies = await bodiesOf({ body: form });
    expect(bodies.map((text) => text.includes('name="k"'))).toEqual([true, true, true]);
  });

  test.each([
    ["a web stream", () => new Blob(["text"]).stream()],
    [
      "an async iterable",
      async function* () {
        yield new TextEncoder().encode("text");
      },
    ],
  ])("%s is sent once, since it can be read only once", async (_kind, open) => {
    const init = { body: open() as BodyInit, duplex: "half" };
    expect(await bodiesOf(init)).toEqual(["text"]);
  });

  test("a function makes the body anew for every attempt, a stream too", async () => {
    let opened = 0;
    const open = async (): Promise<ReadableStream> => new Blob([`text ${++opened}`]).stream();
    expect(await bodiesOf({ body: open })).toEqual(["text 1", "text 2", "text 3"]);
  });

  test("a request whose body is made anew can be cut as well", async () => {
    const clock = virtualClock();
    const fetch = stub(answer(503), answer(200));
    await clock.run(retryingFetch({ fetch, clock, deadline: "1h" })(URL, { method: "PUT", body: () => "text" }));
    expect(fetch.signals).toEqual([expect.any(AbortSignal), expect.any(AbortSignal)]);
  });

  test("a function may make a plain body", async () => {
    expect(await bodiesOf({ body: () => "text" })).toEqual(["text", "text", "text"]);
  });

  test("what a browser's stream is like is a stream, and `null` is no body", async () => {
    const clock = virtualClock();
    let sent = 0;
    const fetch = retryingFetch({ fetch: async () => answer(++sent < 3 ? 503 : 200), clock });
    expect((await fetch(URL, { method: "PUT", body: { getReader: () => undefined } as never })).status).toBe(503);
    expect((await clock.run(fetch(URL, { method: "PUT", body: null }))).status).toBe(200);
    expect(sent).toBe(3);
  });

  test("a Request without a body is sent itself every time", async () => {
    const clock = virtualClock();
    const request = new Request(URL);
    const seen: unknown[] = [];
    const fetch = async (input: unknown): Promise<Response> => answer(seen.push(input) < 3 ? 503 : 200);
    await clock.run(retryingFetch({ fetch, clock })(request));
    expect(seen.map((input) => input === request)).toEqual([true, true, true]);
  });

  test("the body of a Request is sent with every attempt", async () => {
    const clock = virtualClock();
    const fetch = stub(answer(503), answer(503), answer(200));
    await clock.run(retryingFetch({ fetch, clock })(new Request(URL, { method: "PUT", body: "text" })));
    expect(await Promise.all(fetch.requests.map((request) => request.text()))).toEqual(["text", "text", "text"]);
  });

  test("a Request that is sent once is handed over itself", async () => {
    const request = new Request(URL, { method: "POST", body: "text" });
    const seen: unknown[] = [];
    const fetch = async (input: unknown): Promise<Response> => {
      seen.push(input);
      return answer(503);
    };
    await retryingFetch({ fetch })(request);
    expect(seen).toEqual([request]);
  });

  test("a body in the second argument takes the place of the Request's", async () => {
    const clock = virtualClock();
    const fetch = stub(answer(503), answer(200));
    const request = new Request(URL, { method: "PUT", body: "text" });
    await clock.run(retryingFetch({ fetch, clock })(request, { body: "other" }));
    expect(await Promise.all(fetch.requests.map((sent) => sent.text()))).toEqual(["other", "other"]);
    expect(request.bodyUsed).toBe(false);
  });

  test("arguments reach fetch untouched where nothing has to be added", async () => {
    const init = { headers: { a: "b" } };
    const seen: unknown[] = [];
    const fetch = async (...args: unknown[]): Promise<Response> => {
      seen.push(...args);
      return answer(200);
    };
    await retryingFetch({ fetch })(URL, init);
    expect(seen).toEqual([URL, init]);
    expect(seen[1]).toBe(init);
  });
});

describe("retryingFetch: waits", () => {
  async function waitsOf(reply: Response, options: { readonly startMs?: number } = {}): Promise<unknown> {
    const clock = virtualClock(options);
    const waits: number[] = [];
    const onRetry = (_failure: unknown, { delayMs }: { readonly delayMs: number }): unknown => waits.push(delayMs);
    const fetch = stub(reply, answer(200));
    await clock.run(retryingFetch({ fetch, clock, jitter: null, schedule: [500], onRetry })(URL));
    return waits;
  }

  test("waits what Retry-After asks for", async () => {
    expect(await waitsOf(answer(503, { "retry-after": "20" }))).toEqual([20_000]);
  });

  test("waits until the date in Retry-After, by the wall clock", async () => {
    const reply = answer(500, { "retry-after": "Tue, 24 Nov 2026 12:00:30 GMT" });
    expect(await waitsOf(reply, { startMs: Date.UTC(2026, 10, 24, 12) })).toEqual([30_000]);
  });

  test.each([429, 503])(
    "an answer %i without Retry-After waits for the longest quota that is used up",
    async (status) => {
      const reply = answer(status, { ratelimit: '"a";r=0;t=7,"b";r=0;t=9,"c";r=5;t=60,"d";r=0' });
      expect(await waitsOf(reply)).toEqual([9000]);
    },
  );

  test.each([
    ["Retry-After takes precedence over the quota", 429, { "retry-after": "3", ratelimit: '"a";r=0;t=9' }, 3000],
    ["a quota with units left asks for no wait", 429, { ratelimit: '"a";r=1;t=9' }, 500],
    ["other answers say nothing about quotas", 500, { ratelimit: '"a";r=0;t=9' }, 500],
    ["a hint shorter than the schedule is no reason to hurry", 503, { "retry-after": "0" }, 500],
  ])("%s", async (_rule, status, headers, delayMs) => {
    expect(await waitsOf(answer(status, headers))).toEqual([delayMs]);
  });

  test("an answer that asks to wait for longer than there is time is handed out, its hint in its headers", async () => {
    const clock = virtualClock();
    const reply = answer(429, { "retry-after": "3600" });
    const fetch = stub(reply);
    expect(await clock.run(retryingFetch({ fetch, clock })(URL))).toBe(reply);
    expect([fetch.requests.length, clock.nowMs(), await reply.text()]).toEqual([1, 0, "body of 429"]);
  });

  test("`retryAfter` reads hints in its place, of answers and errors", async () => {
    const clock = virtualClock();
    const fetch = stub(answer(503, { "retry-after": "1" }), networkFailure(), answer(200));
    const retryAfter = (failure: { readonly kind: string }): "5s" | "7s" => (failure.kind === "result" ? "5s" : "7s");
    await clock.run(retryingFetch({ fetch, clock, jitter: null, retryAfter })(URL));
    expect(clock.nowMs()).toBe(12_000);
  });

  test("an error that carries `retryAfterMs` is waited for", async () => {
    const clock = virtualClock();
    const fetch = stub(Object.assign(networkFailure(), { retryAfterMs: 8000 }), answer(200));
    await clock.run(retryingFetch({ fetch, clock, jitter: null })(URL));
    expect(clock.nowMs()).toBe(8000);
  });
});

describe("retryingFetch: what comes out, and what is let go", () => {
  test("the last answer comes out unread when the attempts are used up; those before it are let go", async () => {
    const clock = virtualClock();
    const replies = [answer(503), answer(500), answer(502)];
    const response = await clock.run(retryingFetch({ fetch: stub(...replies), clock, maxAttempts: 3 })(URL));
    expect(response).toBe(replies[2]);
    expect([replies[0]?.bodyUsed, replies[1]?.bodyUsed, await response.text()]).toEqual([true, true, "body of 502"]);
  });

  test("an answer is let go before the wait: a small one is read, a large or unannounced one cancelled", async () => {
    const clock = virtualClock();
    const ends: string[] = [];
    const reply = (headers: Record<string, string>): Response => {
      const pull = (source: ReadableStreamDefaultController): void => {
        ends.push("read");
        source.close();
      };
      const stream = new ReadableStream({ pull, cancel: () => void ends.push("cancelled") }, { highWaterMark: 0 });
      return new Response(stream, { status: 503, headers });
    };
    const small = reply({ "content-length": "16384" });
    const large = reply({ "content-length": "16385" });
    const running = retryingFetch({ fetch: stub(small, large, reply({}), answer(200)), clock, jitter: null })(URL);
    await clock.advance("100ms");
    expect(ends).toEqual(["read"]);
    await clock.run(running);
    expect(ends).toEqual(["read", "cancelled", "cancelled"]);
  });

  test("a body that breaks while it is let go changes nothing", async () => {
    const clock = virtualClock();
    const broken = new ReadableStream({ pull: (source) => source.error(new Error("reset")) });
    const reply = new Response(broken, { status: 503, headers: { "content-length": "5" } });
    expect((await clock.run(retryingFetch({ fetch: stub(reply, answer(200)), clock })(URL))).status).toBe(200);
  });

  test("a hook may read the answer that is being retried", async () => {
    const clock = virtualClock();
    const texts: string[] = [];
    const fetch = retryingFetch({
      fetch: stub(answer(503), answer(200)),
      clock,
      onRetry: async ({ value }) => texts.push(value ? await value.text() : "none"),
    });
    await clock.run(fetch(URL));
    expect(texts).toEqual(["body of 503"]);
  });

  test("a hook that has begun to read may go on when it likes: the answer is left to it", async () => {
    const clock = virtualClock();
    const cancel = vi.fn();
    const chunk = new TextEncoder().encode("part");
    const reply = new Response(new ReadableStream({ pull: (source) => source.enqueue(chunk), cancel }), {
      status: 503,
    });
    const onRetry = ({ value }: { readonly value?: Response | undefined }): void => {
      const reader = value?.body?.getReader();
      void reader?.read();
      reader?.releaseLock();
    };
    await clock.run(retryingFetch({ fetch: stub(reply, answer(200)), clock, onRetry })(URL));
    expect(cancel).not.toHaveBeenCalled();
  });

  test("letting go of answers and errors fails at nothing", async () => {
    const clock = virtualClock();
    const events: string[] = [];
    const stop = observe(({ type }) => events.push(type));
    const fetch = stub(new Response(null, { status: 503 }), networkFailure(), answer(500), answer(200));
    await clock.run(retryingFetch({ fetch, clock })(URL));
    stop();
    expect(events.filter((type) => type === "hook-failed")).toEqual([]);
    expect(events).toContain("retry-scheduled");
  });

  test("a hook that throws keeps no answer from being let go", async () => {
    const clock = virtualClock();
    const reply = answer(503);
    const onRetry = (): never => {
      throw new Error("hook");
    };
    await clock.run(retryingFetch({ fetch: stub(reply, answer(200)), clock, onRetry })(URL));
    expect(reply.bodyUsed).toBe(true);
  });
});

describe("retryingFetch: signals and times", () => {
  const hanging = (): Promise<Response> => new Promise(() => undefined);

  test("a signal that has aborted already: nothing is sent, and its reason comes out", async () => {
    const fetch = stub(answer(200));
    await expect(retryingFetch({ fetch })(URL, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    expect(fetch.requests).toHaveLength(0);
  });

  test("an abort during a wait ends it at once and leaves no timer", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const running = retryingFetch({ fetch: stub(answer(503)), clock, schedule: [60_000], jitter: null })(
      URL,
      controller,
    );
    const seen = expect(running).rejects.toBe("enough");
    await clock.advance("1s");
    controller.abort("enough");
    await seen;
    expect([clock.nowMs(), clock.pending]).toEqual([1000, 0]);
  });

  test("the signal of a Request counts like one in the second argument, and `null` there means none", async () => {
    const request = new Request(URL, { signal: AbortSignal.abort("enough") });
    await expect(retryingFetch({ fetch: stub(answer(200)) })(request)).rejects.toBe("enough");
    expect((await retryingFetch({ fetch: async () => answer(200) })(request, { signal: null })).status).toBe(200);
  });

  test("fetch gets the caller's own signal where nothing else can cut it", async () => {
    const fetch = stub(answer(200));
    const { signal } = new AbortController();
    await retryingFetch({ fetch })(URL, { signal });
    await retryingFetch({ fetch })(URL);
    expect(fetch.signals).toEqual([signal, undefined]);
  });

  test("the policy's own signal cuts a running attempt, beside the caller's", async () => {
    const policy = new AbortController();
    const fetch = stub(hanging);
    const patient = retryingFetch({ fetch, signal: policy.signal });
    const seen = [
      expect(patient(URL, { signal: new AbortController().signal })).rejects.toBe("closing"),
      expect(patient(URL)).rejects.toBe("closing"),
    ];
    policy.abort("closing");
    await Promise.all(seen);
    expect(fetch.signals).toEqual([expect.objectContaining({ aborted: true }), policy.signal]);
  });

  test("an attempt that times out tells its signal and is sent again", async () => {
    const clock = virtualClock();
    const fetch = stub(hanging, answer(200));
    const options = { fetch, clock, attemptTimeout: "2s", schedule: [500], jitter: null } as const;
    expect((await clock.run(retryingFetch(options)(URL))).status).toBe(200);
    expect(clock.nowMs()).toBe(2500);
    expect(fetch.signals[0]).toMatchObject({ aborted: true, reason: expect.any(AttemptTimeoutError) });
  });

  test("the deadline cuts everything; the caller's signal still reaches the body after it was met", async () => {
    const clock = virtualClock();
    await expect(clock.run(retryingFetch({ fetch: stub(hanging), clock, deadline: "9s" })(URL))).rejects.toThrow(
      DeadlineError,
    );
    const controller = new AbortController();
    const fetch = stub(answer(200));
    await clock.run(retryingFetch({ fetch, clock, deadline: "9s" })(URL, controller));
    await clock.advance("1m");
    expect([clock.nowMs(), fetch.signals[0]]).toEqual([69_000, expect.objectContaining({ aborted: false })]);
    controller.abort("enough");
    expect(fetch.signals[0]).toMatchObject({ aborted: true, reason: "enough" });
  });

  test("an answer that comes after its attempt was cut is let go", async () => {
    const clock = virtualClock();
    const late = answer(200);
    const fetch = stub(() => clock.sleep(3000).then(() => late), answer(200));
    await clock.run(retryingFetch({ fetch, clock, attemptTimeout: "2s", schedule: [5000], jitter: null })(URL));
    expect(late.bodyUsed).toBe(true);
  });

  test.each([
    ["the caller's signal", (signal: AbortSignal) => [{}, { signal }]],
    ["the policy's signal", (signal: AbortSignal) => [{ signal }, {}]],
  ] as const)("an answer that comes after %s has aborted is let go", async (_, given) => {
    const clock = virtualClock();
    const controller = new AbortController();
    const late = answer(200);
    const [options, init] = given(controller.signal);
    const fetch = stub(() => clock.sleep(3000).then(() => late));
    const seen = expect(retryingFetch({ fetch, clock, ...options })(URL, init)).rejects.toBe("enough");
    controller.abort("enough");
    await seen;
    await clock.advance("3s");
    expect(late.bodyUsed).toBe(true);
  });

  test("an answer that comes in time is left unread for the caller", async () => {
    const clock = virtualClock();
    const reply = answer(200);
    const fetch = stub(() => clock.sleep(1000).then(() => reply));
    await clock.run(retryingFetch({ fetch, clock, attemptTimeout: "2s", deadline: "9s" })(URL));
    expect([await reply.text(), clock.nowMs()]).toEqual(["body of 200", 1000]);
  });

  test("a request that is sent once is bounded as well", async () => {
    const clock = virtualClock();
    const post = retryingFetch({ fetch: stub(hanging), clock, attemptTimeout: "2s" })(URL, { method: "POST" });
    await expect(clock.run(post)).rejects.toThrow(AttemptTimeoutError);
    expect(clock.nowMs()).toBe(2000);
  });
});

describe("retryingFetch: options", () => {
  test.each([
    [{ statusses: [500] }, "retryingFetch has no option `statusses`; did you mean `statuses`?"],
    [{ method: ["GET"] }, "did you mean `methods`?"],
    [{ fetsh: fetch }, "did you mean `fetch`?"],
    [{ until: () => true }, "retryingFetch has no option `until`"],
    [{ while: () => true }, "retryingFetch has no option `while`"],
    [{ rules: [] }, "retryingFetch has no option `rules`"],
    [{ fetch: "f" }, "expected `fetch` to be a function"],
    [{ onRetry: 1 }, "expected `onRetry` to be a function"],
    [{ methods: "GET" }, "expected `methods` to be a list of HTTP methods"],
    [{ methods: ["GE T"] }, "expected `methods` to be HTTP methods"],
    [{ methods: [1] }, "expected `methods` to be HTTP methods"],
    [{ statuses: 500 }, "expected `statuses` to be a list of HTTP statuses"],
    [{ statuses: [199] }, "expected `statuses` to be HTTP statuses from 200 to 599, got `199` (number)"],
    [{ statuses: [600] }, "expected `statuses` to be HTTP statuses from 200 to 599, got `600` (number)"],
    [{ statuses: [500.5] }, "expected `statuses` to be HTTP statuses from 200 to 599, got `500.5` (number)"],
    [{ maxAttempts: 0 }, "expected `maxAttempts` to be an integer >= 1"],
  ])("%j is refused when it is made", (options, message) => {
    expect(() => retryingFetch(options as object)).toThrow(OptionError);
    expect(() => retryingFetch(options as object)).toThrow(message);
  });

  test("the defaults are what they are documented to be, and nobody changes them", () => {
    expect(RETRYING_FETCH_DEFAULTS).toEqual({
      methods: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"],
      statuses: [408, 425, 429, 500, 502, 503, 504],
    });
    const { methods, statuses } = RETRYING_FETCH_DEFAULTS;
    expect([RETRYING_FETCH_DEFAULTS, methods, statuses].map(Object.isFrozen)).toEqual([true, true, true]);
  });

  test("the ends of the range of statuses are allowed", () => {
    expect(() => retryingFetch({ statuses: [200, 599] })).not.toThrow();
  });
});
