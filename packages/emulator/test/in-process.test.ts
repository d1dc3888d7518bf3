import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { emulatorFetch } from "../src/index.js";
import { virtualClock } from "./virtual-clock.js";

const url = "https://api.example.com/v1/chat/completions";
const ask = { model: "gpt-x", messages: [{ role: "user" as const, content: "Hey! Mista!" }] };
const init = (more: object = {}): RequestInit => ({ method: "POST", body: JSON.stringify({ ...ask, ...more }) });

describe("in process, on virtual time", () => {
  test("an answer comes when it is due, and not before", async () => {
    const clock = virtualClock();
    const call = emulatorFetch({
      clock,
      latency: { firstTokenMs: 400, sigma: 0, perTokenMs: 10, perTokenSpreadMs: 0 },
    });
    let response: Response | undefined;
    void call(url, init({ max_tokens: 11 })).then((answer) => {
      response = answer;
    });
    await clock.advance(499);
    expect(response).toBeUndefined();
    await clock.advance(1);
    expect(response?.status).toBe(200);
    expect(call.log()[0]).toMatchObject({ atMs: 0, completedAtMs: 500 });
  });

  test("a stream's tokens come one by one", async () => {
    const clock = virtualClock();
    const call = emulatorFetch({
      clock,
      latency: { firstTokenMs: 400, sigma: 0, perTokenMs: 10, perTokenSpreadMs: 0 },
    });
    const answering = call(url, init({ stream: true, max_tokens: 3 }));
    await clock.advance(400);
    const reader = (await answering).body?.getReader();
    const decoder = new TextDecoder();
    const read = async (): Promise<number> => decoder.decode((await reader?.read())?.value).split("\n\n").length - 1;
    expect(await read()).toBe(2);
    const second = read();
    await clock.advance(10);
    expect(await second).toBe(1);
    const rest = read();
    await clock.advance(10);
    expect(await rest).toBe(3);
  });

  test.each([
    ["openai", 200_000, 199_821, 2295, "634ms", "635"],
    ["openai", 30_000, 29_937, 385, "644ms", "644"],
    ["openai", 10_000, 8554, 3082, "9.816s", "9816"],
    ["openai", 30_000, 14_567, 24_754, "18.642s", "18642"],
    ["groq", 6000, 5034, 1443, "4.77s", "4770"],
  ] as const)(
    "as %s was recorded, limit %d, used %d, requested %d: %s; a millisecond before %s is refused, at it is admitted",
    async (dialect, tpm, used, requested, text, hintMs) => {
      const clock = virtualClock(12_345);
      const call = emulatorFetch({ clock, dialect, cost: "openai", countRejected: false, tpm });
      const sized = (max_tokens: number): Promise<Response> => call(url, init({ max_tokens }));
      expect((await sized(used)).status).toBe(200);
      const refused = await sized(requested);
      if (dialect === "openai") expect(refused.headers.get("retry-after-ms")).toBe(hintMs);
      expect(await refused.text()).toContain(
        `Limit ${tpm}, Used ${used}, Requested ${requested}. Please try again in ${text}.`,
      );
      await clock.advance(Number(hintMs) - 1);
      expect((await sized(requested)).status).toBe(429);
      await clock.advance(1);
      expect((await sized(requested)).status).toBe(200);
    },
  );

  test("5000 requests per minute: reset-requests is 12ms", async () => {
    const call = emulatorFetch({ clock: virtualClock(), rpm: 5000 });
    expect((await call(url, init())).headers.get("x-ratelimit-reset-requests")).toBe("12ms");
  });

  test("with two scopes the headers tell the organisation's limits, and the project's tokens beside them", async () => {
    const call = emulatorFetch({ clock: virtualClock(), tpm: 1000, organization: { rpm: 100, tpm: 60_000 } });
    const { headers } = await call(url, init({ max_tokens: 100 }));
    const told = [...headers].filter(([name]) => name.startsWith("x-ratelimit"));
    expect(Object.fromEntries(told)).toEqual({
      "x-ratelimit-limit-requests": "100",
      "x-ratelimit-remaining-requests": "99",
      "x-ratelimit-reset-requests": "600ms",
      "x-ratelimit-limit-tokens": "60000",
      "x-ratelimit-remaining-tokens": "59900",
      "x-ratelimit-reset-tokens": "100ms",
      "x-ratelimit-limit-project-tokens": "1000",
      "x-ratelimit-remaining-project-tokens": "900",
      "x-ratelimit-reset-project-tokens": "6s",
    });
  });

  test("headers never tell of less than nothing, and what never fits has no hint", async () => {
    const call = emulatorFetch({ clock: virtualClock(), rpm: 30, tpm: 1000, algorithm: "sliding-window" });
    for (let count = 0; count < 20; count++) await call(url, init({ max_tokens: 1 }));
    call.scenario({ rpm: 10 });
    const refused = await call(url, init({ max_tokens: 1 }));
    expect([refused.status, refused.headers.get("x-ratelimit-remaining-requests")]).toEqual([429, "0"]);
    const large = await call(url, init({ max_tokens: 1001 }));
    expect(large.status).toBe(429);
    expect([large.headers.has("retry-after"), large.headers.has("retry-after-ms")]).toEqual([false, false]);
    expect(await large.text()).toContain("Request too large for gpt-x in organization org-emu on tokens per min (TPM)");
  });

  test("at time scale 60 a minute's quota is back in a second, and the hints say so", async () => {
    const clock = virtualClock();
    const call = emulatorFetch({ clock, rpm: 60, timeScale: 60, countRejected: false });
    const statuses = async (count: number): Promise<number[]> => {
      const all = await Promise.all(Array.from({ length: count }, () => call(url, init())));
      return all.map(({ status }) => status);
    };
    expect((await statuses(60)).every((status) => status === 200)).toBe(true);
    const refused = await call(url, init());
    expect(refused.headers.get("retry-after-ms")).toBe("17");
    await clock.advance(1000);
    expect((await statuses(60)).every((status) => status === 200)).toBe(true);
  });

  test("where output counts as it is produced, a token is debited when it goes out, and not before", async () => {
    const clock = virtualClock();
    const latency = { firstTokenMs: 1000, sigma: 0, perTokenMs: 10, perTokenSpreadMs: 0 };
    const call = emulatorFetch({ clock, dialect: "anthropic", otpm: 60, latency });
    const ask = (content: string): Promise<Response> =>
      call("https://api.example.com/v1/messages", {
        method: "POST",
        body: JSON.stringify({ model: "m", max_tokens: 20, stream: true, messages: [{ role: "user", content }] }),
      });
    const levels: (number | undefined)[] = [];
    const look = (): void => {
      void ask(`look ${levels.length}`);
    };
    void ask("first").then(async (response) => response.text());
    for (const ms of [999, 1, 10, 10]) {
      await clock.advance(ms);
      look();
      await clock.advance(0);
      levels.push(Math.floor(call.log().at(-1)?.levels?.["otpm"] ?? Number.NaN));
    }
    expect(levels).toEqual([60, 59, 58, 57]);
  });

  test("a caller who leaves frees its place and wakes nobody", async () => {
    const clock = virtualClock();
    const call = emulatorFetch({ clock, latency: "10s" });
    const leave = new AbortController();
    const answering = call(url, { ...init(), signal: leave.signal });
    await clock.advance(1);
    expect(clock.sleepers()).toBe(1);
    leave.abort(new Error("enough"));
    await expect(answering).rejects.toThrow("enough");
    await clock.advance(1);
    expect([clock.sleepers(), call.stats().inFlight]).toEqual([0, 0]);
  });

  test("the openai client takes it as its fetch", async () => {
    const client = new OpenAI({ apiKey: "k", fetch: emulatorFetch({ answer: () => "Hello." }), maxRetries: 0 });
    expect((await client.chat.completions.create(ask)).choices[0]?.message.content).toBe("Hello.");
  });

  test("two runs of the same seed compare byte for byte, another seed differs", async () => {
    const run = async (seed: number): Promise<string> => {
      const call = emulatorFetch({ clock: virtualClock(), seed, faults: ["500:20%", "truncate:20%"] });
      const texts = [];
      for (let index = 0; index < 20; index++)
        texts.push(await (await call(url, init({ stream: index % 2 === 0, user: `${index}` }))).text());
      return texts.join("");
    };
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });
});
