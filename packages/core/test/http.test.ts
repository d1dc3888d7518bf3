import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { retryingFetch } from "bide/http";
import { afterEach, describe, expect, test } from "vitest";

interface Served {
  readonly url: string;
  readonly bodies: string[];
  readonly sockets: Set<unknown>;
}

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A server on loopback that answers each request in turn, and keeps what it was sent. */
async function serve(...answers: ((response: ServerResponse) => void)[]): Promise<Served> {
  const bodies: string[] = [];
  const sockets = new Set<unknown>();
  server = createServer((request: IncomingMessage, response) => {
    sockets.add(request.socket);
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => answers[bodies.push(body) - 1]?.(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies, sockets };
}

const fail = (response: ServerResponse): void => void response.writeHead(503).end("busy");
const ok = (response: ServerResponse): void => void response.end("ok");
const fast = { schedule: [1, 1, 1], jitter: null } as const;

describe("retryingFetch on the host's own fetch", () => {
  test("retries over one and the same connection", async () => {
    const { url, sockets, bodies } = await serve(fail, fail, fail, ok);
    const response = await retryingFetch({ schedule: [20, 20, 20], jitter: null })(url);
    expect([await response.text(), bodies.length, sockets.size]).toEqual(["ok", 4, 1]);
  });

  test("a connection that the server cuts is tried again", async () => {
    const { url } = await serve((response) => void response.destroy(), ok);
    expect(await (await retryingFetch(fast)(url)).text()).toBe("ok");
  });

  test("a connection that is refused fails at the end with fetch's own error", async () => {
    const { url } = await serve(ok);
    await new Promise((resolve) => server.close(resolve));
    const failure = retryingFetch({ schedule: [1], jitter: null })(url);
    await expect(failure).rejects.toMatchObject({ name: "TypeError", cause: { code: "ECONNREFUSED" } });
  });

  test("an endless body of an answer that is retried is cancelled", async () => {
    const ended: Promise<void>[] = [];
    const endless = (response: ServerResponse): void => {
      ended.push(new Promise((resolve) => response.on("close", resolve)));
      response.writeHead(503).write("and");
    };
    const { url } = await serve(endless, ok);
    expect(await (await retryingFetch(fast)(url)).text()).toBe("ok");
    await ended[0];
  });

  test("every kind of body arrives whole at every attempt", async () => {
    const { url, bodies } = await serve(fail, ok, fail, ok, fail, ok);
    const put = retryingFetch(fast);
    await put(url, { method: "PUT", body: "text" });
    await put(new Request(url, { method: "PUT", body: new Blob(["blob"]) }));
    await put(url, { method: "PUT", body: () => new Blob(["stream"]).stream() });
    expect(bodies).toEqual(["text", "text", "blob", "blob", "stream", "stream"]);
  });

  test("the caller's signal still cuts the body after the answer was handed out", async () => {
    const { url } = await serve(fail, (response) => void response.writeHead(200).write("begun"));
    const controller = new AbortController();
    const response = await retryingFetch({ ...fast, deadline: "1h" })(url, { signal: controller.signal });
    const reading = response.text();
    controller.abort("enough");
    await expect(reading).rejects.toBe("enough");
  });
});
