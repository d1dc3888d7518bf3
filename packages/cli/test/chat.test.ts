import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type EmulatorOptions, startEmulator } from "@bide/emulator";
import { describe, expect, test } from "vitest";
import { main } from "../src/main.js";
import { type FakeIo, fakeIo } from "./fake-io.js";

/** Starts an emulator, asks once, and tells the exit code and what the emulator saw. */
async function chatWith(
  options: EmulatorOptions,
  io: FakeIo,
  ...args: string[]
): Promise<{ code: number; arrivals: number }> {
  await using emulator = await startEmulator({ latency: "1ms", ...options });
  const code = await main(["chat", "Hey! Mista!", "--base-url", emulator.baseUrl, ...args], io);
  return { code, arrivals: emulator.stats().arrivals };
}

/** Asks a server that answers as told. */
async function chatAgainst(answer: RequestListener, io: FakeIo, ...args: string[]): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await main(["chat", "Hey! Mista!", "--base-url", `http://127.0.0.1:${port}/v1`, ...args], io);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const REPLY = {
  choices: [
    { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello \u001b]52;c;aGk=\u0007you" } },
  ],
};

describe("bide chat", () => {
  test("prints the reply and nothing else on stdout", async () => {
    const io = fakeIo();

    expect(await chatWith({}, io)).toEqual({ code: 0, arrivals: 1 });
    expect(io.printed()).toMatch(/^\S.*\n$/);
    expect(io.said()).toBe("1 attempt\n");
  });

  test("tells attempts and waits on stderr", async () => {
    const io = fakeIo();

    expect(await chatWith({ faults: [{ kind: "500", attempts: 1 }] }, io)).toEqual({ code: 0, arrivals: 2 });
    expect(io.said().replace(/\d+\.\d s/g, "N s")).toBe(
      "attempt 1 failed after N s: status 500, the server failed\nnext attempt in N s\n2 attempts\n",
    );
  });

  test("--json prints the whole ChatCompletion", async () => {
    const io = fakeIo();
    await chatWith({}, io, "--json");

    expect(JSON.parse(io.printed())).toMatchObject({
      object: "chat.completion",
      usage: { prompt_tokens: expect.any(Number) },
    });
  });

  test("- reads the prompt from stdin", async () => {
    const asked: string[] = [];
    const io = fakeIo({ stdin: "What is it?\n" });
    const server: RequestListener = async (request, response) => {
      let text = "";
      for await (const piece of request) text += piece;
      asked.push(JSON.parse(text).messages[0].content);
      response.setHeader("content-type", "application/json").end(JSON.stringify(REPLY));
    };
    const withStdin = createServer(server);
    await new Promise<void>((resolve) => withStdin.listen(0, "127.0.0.1", resolve));
    const { port } = withStdin.address() as AddressInfo;
    await main(["chat", "-", "--base-url", `http://127.0.0.1:${port}/v1`], io);
    withStdin.close();

    expect(asked).toEqual(["What is it?\n"]);
  });

  test("on a terminal the reply is streamed, and is the same text", async () => {
    const [streamed, whole] = [fakeIo({ isTTY: true }), fakeIo()];
    await using emulator = await startEmulator({ latency: "1ms" });
    for (const io of [streamed, whole]) await main(["chat", "Hey! Mista!", "--base-url", emulator.baseUrl], io);

    expect(emulator.log().map(({ stream }) => stream)).toEqual([true, false]);
    expect(streamed.printed()).toBe(whole.printed());
  });

  test("a terminal gets no control characters of the reply, a pipe gets them all", async () => {
    const [terminal, pipe] = [fakeIo({ isTTY: true }), fakeIo()];
    const answer: RequestListener = (_, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify(REPLY));
    };
    await chatAgainst(answer, terminal, "--no-stream");
    await chatAgainst(answer, pipe);

    expect(terminal.printed()).toBe("Hello ]52;c;aGk=you\n");
    expect(pipe.printed()).toBe("Hello \u001b]52;c;aGk=\u0007you\n");
  });
});

describe("bide chat that cannot succeed", () => {
  test.each([
    ["a refused key", 401, 3, 1],
    ["a spent budget", 402, 3, 1],
    ["a bad request", 400, 1, 1],
    ["a server that only fails", 500, 1, 2],
  ])("%s: one sentence, its exit code, and no request too many", async (_, status, expected, requests) => {
    const io = fakeIo();
    let arrivals = 0;
    const code = await chatAgainst(
      (_request, response) => {
        arrivals++;
        response
          .writeHead(status, { "content-type": "application/json" })
          .end(JSON.stringify({ error: { message: "No \u001b[31mway" } }));
      },
      io,
      "--max-attempts",
      "2",
    );

    expect({ code, arrivals }).toEqual({ code: expected, arrivals: requests });
    expect(io.said()).toContain(`bide: the endpoint answered with status ${status}: No [31mway\n`);
    expect(io.printed()).toBe("");
  });

  test("a 429 of money ends it at once", async () => {
    const io = fakeIo();

    expect(await chatWith({ money: 0 }, io)).toEqual({ code: 3, arrivals: 1 });
    expect(io.said()).toContain("status 429, the account has no money left, or a spending limit is reached");
  });

  test("nobody at the address: says so, and nothing of a stack", async () => {
    const io = fakeIo();

    expect(await main(["chat", "hi", "--base-url", "http://127.0.0.1:9/v1", "--max-attempts", "1"], io)).toBe(1);
    expect(io.said()).toContain("bide: no answer: connect ECONNREFUSED 127.0.0.1:9\n1 attempt\n");
  });

  test("an answer that is no chat completion", async () => {
    const io = fakeIo();
    const code = await chatAgainst((_, response) => {
      response.setHeader("content-type", "application/json").end(`{"ok":true}`);
    }, io);

    expect(io.said()).toContain("something that is no chat completion; check --base-url");
    expect(code).toBe(2);
  });

  test("no key and no endpoint", async () => {
    const io = fakeIo();

    expect(await main(["chat", "hi"], io)).toBe(2);
    expect(io.said()).toBe(
      "bide: no key and no endpoint: set OPENAI_API_KEY in the environment or in .env, or give --base-url\n",
    );
  });

  test("an empty prompt", async () => {
    const io = fakeIo({ stdin: "\n" });

    expect(await main(["chat", "-", "--base-url", "http://127.0.0.1:9/v1"], io)).toBe(2);
    expect(io.said()).toBe("bide: the prompt is empty\n");
  });
});
