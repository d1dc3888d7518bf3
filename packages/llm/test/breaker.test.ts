import { CircuitOpenError } from "bide";
import { describe, expect, test } from "vitest";
import { answer, chat, layered, refusal } from "./scripted.js";

const breaker = { minimumCalls: 3, failureRatio: 0.5, openFor: "5s" } as const;
const BUSY = refusal(503, "server_is_overloaded");

describe("a host that is short of capacity", () => {
  test("is left alone by all callers, at no cost of attempts, until a probe gets through", async () => {
    const steps = [BUSY, BUSY, BUSY, answer("Hello.")];
    const { clock, fetch, server } = layered(steps, { breaker, maxAttempts: 2, schedule: [1] });

    const responses = await clock.run(Promise.all([fetch(...chat()), fetch(...chat()), fetch(...chat())]));

    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    // Three refusals open the circuit; one probe after five seconds, and the others when it has come back.
    const later = server.requests.slice(3).map(({ atMs }) => atMs);
    expect(server.requests.slice(0, 3).map(({ atMs }) => atMs)).toEqual([0, 0, 0]);
    expect(later).toHaveLength(3);
    for (const atMs of later) expect(atMs).toBeGreaterThanOrEqual(5000);
  });

  test("is not waited for beyond the deadline", async () => {
    const { clock, fetch, server } = layered([BUSY], { breaker, deadline: "3s", maxAttempts: 1 });
    await clock.run(Promise.all([fetch(...chat()), fetch(...chat()), fetch(...chat())]));

    await expect(clock.run(fetch(...chat()))).rejects.toThrow(CircuitOpenError);
    expect(server.requests).toHaveLength(3);
    expect(clock.nowMs()).toBe(0);
  });

  test("is no other host, and no refusal for another reason", async () => {
    const limit = refusal(400, "invalid");
    const { clock, fetch, server } = layered([limit, limit, limit, BUSY, BUSY, BUSY, answer("Hello.")], {
      breaker,
      maxAttempts: 1,
    });
    for (let call = 0; call < 6; call++) await clock.run(fetch(...chat()));

    const [, init] = chat();
    const response = await clock.run(fetch("https://other.example.com/v1/chat/completions", init));

    expect(response.status).toBe(200);
    expect(clock.nowMs()).toBe(0);
    expect(server.requests).toHaveLength(7);
  });

  test("can be left by those who wait", async () => {
    const { clock, fetch } = layered([BUSY], { breaker, maxAttempts: 1 });
    await clock.run(Promise.all([fetch(...chat()), fetch(...chat()), fetch(...chat())]));
    const caller = new AbortController();
    const [url, init] = chat();
    const waiting = fetch(url, { ...init, signal: caller.signal });
    await clock.advance("1s");

    caller.abort("enough");

    await expect(waiting).rejects.toBe("enough");
    expect(clock.pending).toBe(0);
  });
});
