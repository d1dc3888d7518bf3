import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { type KeepAliveFetch, keepAliveFetch } from "./undici-fetch.js";

const ANSWER = JSON.stringify({ text: "Zürich ".repeat(20_000) });
let server: Server | undefined;
let http: KeepAliveFetch | undefined;

afterEach(async () => {
  await http?.close();
  server?.closeAllConnections();
  server?.close();
});

/** A real server, and the fetch that is to meet it. */
async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  http = keepAliveFetch(2);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat?a=b`;
}

function ask(url: string, init?: RequestInit): Promise<Response> {
  return (http as KeepAliveFetch).fetch(url, init);
}

describe("keepAliveFetch", () => {
  test("sends what it is given, and gives an answer of many pieces back whole", async () => {
    const url = await serving((request, response) => {
      const { method, url: path, headers } = request;
      request.once("data", (body) => {
        const seen = `${method} ${path} ${headers["x-a"]} ${String(body)}`;
        response.writeHead(201, { "content-type": "application/json", "x-seen": seen }).end(ANSWER);
      });
    });

    const response = await ask(url, { method: "POST", headers: { "x-a": "1" }, body: "prompt" });

    expect([response.status, response.headers.get("x-seen")]).toEqual([201, "POST /v1/chat?a=b 1 prompt"]);
    expect(await response.text()).toBe(ANSWER);
  });

  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["br", brotliCompressSync],
    ["deflate", deflateSync],
  ] as const)("reads an answer that was compressed unasked by %s", async (encoding, compress) => {
    const url = await serving((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding });
      response.end(compress(ANSWER));
    });

    const response = await ask(url);

    expect([response.headers.get("content-encoding"), response.headers.get("content-length")]).toEqual([null, null]);
    expect(await response.text()).toBe(ANSWER);
  });

  test("has no body where the status has none, and passes over what only informs", async () => {
    const url = await serving((_, response) => {
      response.writeEarlyHints({ link: "</a>; rel=preload" });
      response.writeHead(204).end();
    });

    const response = await ask(url);

    expect([response.status, response.body]).toEqual([204, null]);
  });

  test("hands a stream on as it comes, and hangs up when its reader leaves", async () => {
    let closed: Promise<unknown> | undefined;
    const url = await serving((_, response) => {
      closed = once(response, "close");
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });

    const response = await ask(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    await reader.cancel();

    expect(new TextDecoder().decode(value)).toBe("data: 1\n\n");
    await closed;
  });

  test("reads a stream to its end, however slowly it is taken", async () => {
    const url = await serving((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let part = 0; part < 8; part++) response.write(ANSWER);
      response.end();
    });

    const response = await ask(url);
    let size = 0;
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      size += chunk.length;
      await new Promise(setImmediate);
    }

    expect(size).toBe(8 * Buffer.byteLength(ANSWER));
  });

  test.each([
    ["before the answer begins", "application/json", false],
    ["within an answer that is whole", "application/json", true],
  ])("ends with the signal's reason %s", async (_, type, isBegun) => {
    const controller = new AbortController();
    const url = await serving((_request, response) => {
      if (isBegun) response.writeHead(200, { "content-type": type }).write("{");
      controller.abort("enough");
    });

    await expect(ask(url, { signal: controller.signal })).rejects.toBe("enough");
    await expect(ask(url, { signal: controller.signal })).rejects.toBe("enough");
  });

  test("is cut without a signal, at once: under way, and in line for a connection", async () => {
    const url = await serving(() => undefined);
    const listeners = new Set<() => void>();
    const cut = {
      aborted: false,
      reason: new Error("enough"),
      onAbort: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const asked = [1, 2, 3].map(() => (http as KeepAliveFetch).fetch.cuttable(url, {}, cut));
    cut.aborted = true;
    for (const listener of listeners) listener();
    for (const one of asked) await expect(one).rejects.toBe(cut.reason);
    await expect((http as KeepAliveFetch).fetch.cuttable(url, {}, cut)).rejects.toBe(cut.reason);
  });

  test("breaks a stream with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const url = await serving((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });

    const reader = ((await ask(url, { signal: controller.signal })).body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    controller.abort(reason);

    await expect(reader.read()).rejects.toBe(reason);
  });

  test("fails as the built-in fetch does where the answer breaks off, and where there is no server", async () => {
    const url = await serving((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 100 });
      response.write("{", () => response.destroy());
    });

    await expect(ask(url)).rejects.toThrow(new TypeError("fetch failed"));
    await expect(ask("http://127.0.0.1:1/")).rejects.toMatchObject({
      message: "fetch failed",
      cause: { code: "ECONNREFUSED" },
    });
  });
});
