import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../src/index.js";

const good = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] });

/** Sends raw bytes and gives back everything that came until the connection closed. */
function raw(emulator: Emulator, ...bytes: (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(emulator.port, "127.0.0.1", () => {
      for (const part of bytes) socket.write(part);
    });
    socket.setEncoding("utf8");
    socket.on("data", (part) => {
      text += part;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}

function post(
  emulator: Emulator,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const type = { "content-type": "application/json", ...headers };
  return fetch(`${emulator.baseUrl}/chat/completions`, { method: "POST", body, headers: type });
}

/** Runs an attack, then checks that the server goes on and that nothing is left under way. */
async function survived(attack: (emulator: Emulator) => Promise<void>, options: EmulatorOptions = {}): Promise<void> {
  await using emulator = await startEmulator(options);
  await attack(emulator);
  expect((await post(emulator, good)).status).toBe(200);
  await expect.poll(() => emulator.stats().inFlight).toBe(0);
}

async function expectProblem(response: Response, status: number): Promise<void> {
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } });
}

describe("a hostile client gets an error in the provider's shape or a closed socket, and the server goes on", () => {
  test("10 MB of JSON", () =>
    survived(async (emulator) => {
      const content = "x".repeat(10 * 1024 * 1024);
      await expectProblem(await post(emulator, good.replace("hi", content)), 413);
    }));

  test("a body without end", () =>
    survived(
      async (emulator) => {
        const head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n";
        expect(await raw(emulator, head, "x".repeat(100_000))).toBe("");
      },
      { maxBodyBytes: 1000 },
    ));

  test.each([
    ["bad UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d)],
    ["half of its JSON", good.slice(0, -10)],
    ["JSON that is no object", "[1,2]"],
    ["nothing", ""],
    ["messages that are no messages", '{"model":"m","messages":[1]}'],
    ["a negative bound", '{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":-1}'],
    ["a bound that is no number", '{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":"9"}'],
  ])("%s", (_, body) => survived(async (emulator) => expectProblem(await post(emulator, body), 400)));

  test("a wrong content type", () =>
    survived(async (emulator) => expectProblem(await post(emulator, good, { "content-type": "image/png" }), 400)));

  test("deeply nested JSON", () =>
    survived(async (emulator) => {
      const deep = good.replace('"hi"', `${"[".repeat(50_000)}${"]".repeat(50_000)}`);
      const response = await post(emulator, deep);
      expect([200, 400]).toContain(response.status);
    }));

  test("a schema that contains itself a hundred times", () =>
    survived(async (emulator) => {
      const names = Array.from({ length: 100 }, (_, index) => [`p${index}`, { $ref: "#" }]);
      const format = { type: "json_schema", json_schema: { schema: { properties: Object.fromEntries(names) } } };
      const body = JSON.stringify({ ...JSON.parse(good), response_format: format });
      const response = await post(emulator, body);
      expect(JSON.parse(JSON.parse(await response.text()).choices[0].message.content)).toBeTypeOf("object");
    }));

  test("10,000 headers", () =>
    survived(async (emulator) => {
      const headers = Array.from({ length: 10_000 }, (_, index) => `x-${index}: y\r\n`).join("");
      const text = await raw(emulator, `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${headers}\r\n`);
      expect(text === "" || text.startsWith("HTTP/1.1 431")).toBe(true);
    }));

  test("what is no HTTP", () =>
    survived(async (emulator) => {
      const text = await raw(emulator, "HELO example.com\r\n\r\n");
      expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*\{"error":\{"message":/);
    }));

  test("half a request, and then silence", () =>
    survived(
      async (emulator) => {
        const head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n";
        expect(await raw(emulator, head, good.slice(0, 20))).toMatch(/^HTTP\/1\.1 408 [\s\S]*\{"error":/);
      },
      { requestTimeout: "100ms" },
    ));

  test("half a request, and then gone", () =>
    survived(async (emulator) => {
      const socket = connect(emulator.port, "127.0.0.1");
      const half = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
      await new Promise((resolve) => socket.write(half, resolve));
      socket.resetAndDestroy();
    }));

  test("gone in the middle of a stream", () =>
    survived(
      async (emulator) => {
        const leave = new AbortController();
        const init = { method: "POST", body: good.replace("{", '{"stream":true,'), signal: leave.signal };
        const response = await fetch(`${emulator.baseUrl}/chat/completions`, init);
        await response.body?.getReader().read();
        leave.abort();
        await expect.poll(() => emulator.log()[0]?.endedAtMs).toBeTypeOf("number");
      },
      { latency: "1ms/20ms" },
    ));

  test.each(["/", "/v1/nothing", "/v1beta/models/%E0%A4%A:generateContent", "/__admin/nothing", "/v1/models/%"])(
    "the path %s",
    (path) =>
      survived(async (emulator) => {
        const response = await fetch(emulator.url + path, { method: "POST", body: "{}" });
        expect([400, 404]).toContain(response.status);
      }),
  );
});
