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

  test("the wait in the headers is exact: one millisecond earlier is refused, at it is admitted", async () => {
    const clock = virtualClock(12_345);
    const call = emulatorFetch({ clock, tpm: 200_000 });
    const sized = (max_tokens: number): Promise<Response> => call(url, init({ max_tokens }));
    expect((await sized(199_821)).status).toBe(200);
    const refused = await sized(2295);
    expect(refused.headers.get("retry-after-ms")).toBe("635");
    expect(await refused.text()).toContain("Limit 200000, Used 199821, Requested 2295. Please try again in 634ms.");
    await clock.advance(634);
    expect((await sized(2295)).status).toBe(429);
    await clock.advance(1);
    expect((await sized(2295)).status).toBe(200);
  });

  test("5000 requests per minute: reset-requests is 12ms", async () => {
    const call = emulatorFetch({ clock: virtualClock(), rpm: 5000 });
    expect((await call(url, init())).headers.get("x-ratelimit-reset-requests")).toBe("12ms");
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
