import { expect, test } from "vitest";
import { type Emulator, startEmulator } from "../src/index.js";

async function admin(emulator: Emulator, method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${emulator.url}/__admin/${path}`, init);
  return [response.status, await response.json()];
}

async function ask(emulator: Emulator, content = "hi"): Promise<number> {
  const body = JSON.stringify({
    model: "m",
    messages: [{ role: "user", content }],
    user: "u",
    metadata: { custom_id: "c-1" },
  });
  const headers = { authorization: "Bearer secret-key-1234" };
  const response = await fetch(`${emulator.baseUrl}/chat/completions`, { method: "POST", body, headers });
  await response.text();
  return response.status;
}

test("the log tells every arrival with its verdict, its names and what was left", async () => {
  await using emulator = await startEmulator({ rpm: 1, tpm: 1000 });
  expect([await ask(emulator), await ask(emulator)]).toEqual([200, 429]);
  const [, log] = await admin(emulator, "GET", "log");
  expect(log).toMatchObject({
    entries: [
      {
        number: 1,
        key: "…1234",
        verdict: "answered",
        status: 200,
        attempt: 1,
        customId: "c-1",
        userTag: "u",
        costTokens: 16,
      },
      { number: 2, verdict: "rate-limited", dimension: "rpm", status: 429, attempt: 2, hintMs: expect.any(Number) },
    ],
  });
  expect(emulator.log()[0]?.levels).toEqual({ rpm: 0, tpm: 984 });
  expect(JSON.stringify(log)).not.toContain("secret");
  const [, rest] = await admin(emulator, "GET", "log?after=1&limit=5");
  expect(rest).toMatchObject({ entries: [{ number: 2 }] });
});

test("admin requests are neither limited nor counted", async () => {
  await using emulator = await startEmulator({ rpm: 1 });
  for (let time = 0; time < 5; time++) await admin(emulator, "GET", "stats");
  expect(await admin(emulator, "POST", "stats")).toMatchObject([200, { arrivals: 0 }]);
});

test("reset fills the buckets and empties the log", async () => {
  await using emulator = await startEmulator({ rpm: 1 });
  expect([await ask(emulator), await ask(emulator)]).toEqual([200, 429]);
  expect(await admin(emulator, "POST", "reset")).toEqual([200, { ok: true }]);
  expect(await ask(emulator)).toBe(200);
  expect(emulator.stats()).toMatchObject({ arrivals: 1, completed: 1 });
});

test("a scenario changes the provider in mid-run, and a wrong one changes nothing", async () => {
  await using emulator = await startEmulator({ rpm: 100 });
  expect(await admin(emulator, "POST", "scenario", { faults: ["503"] })).toEqual([200, { ok: true }]);
  expect(await ask(emulator)).toBe(503);
  const [status, problem] = await admin(emulator, "POST", "scenario", { faults: ["boom"] });
  expect([status, JSON.stringify(problem)]).toEqual([400, expect.stringContaining("expected a fault")]);
  expect(await ask(emulator)).toBe(503);
  expect(await admin(emulator, "POST", "scenario", { faults: [], dialect: "mistral", money: 0 })).toEqual([
    200,
    { ok: true },
  ]);
  expect(await ask(emulator)).toBe(429);
});

test("the log is bounded and keeps the last arrivals", async () => {
  await using emulator = await startEmulator({ logLimit: 3 });
  for (const content of ["a", "b", "c", "d", "e"]) await ask(emulator, content);
  expect(emulator.log().map(({ number }) => number)).toEqual([3, 4, 5]);
  expect(emulator.stats().arrivals).toBe(5);
});
