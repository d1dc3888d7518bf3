import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { virtualClock } from "bide/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { llmFetch } from "../src/index.js";

const GLOBAL_DISPATCHER = Symbol.for("undici.globalDispatcher.1");

/** Listens on loopback until the test is over. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that answers when it is told to. */
async function patient() {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrived = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const server = createServer(async (_request, response) => {
    arrived();
    await released;
    response.setHeader("content-type", "application/json").end('{"choices":[]}');
  });
  const port = await listening(server);
  return { url: `http://127.0.0.1:${port}/v1/chat/completions`, release, asked };
}

const init = { method: "POST", body: JSON.stringify({ model: "m", messages: [] }) };

describe("Node's own fetch", () => {
  test("has no bound of its own under the layer, and keeps what is set up for the process", async () => {
    // undici's 300 s, made short enough to see.
    const host = globalThis as unknown as { [GLOBAL_DISPATCHER]: { constructor: new (options: object) => never } };
    await fetch("data:,");
    const before = host[GLOBAL_DISPATCHER];
    host[GLOBAL_DISPATCHER] = new before.constructor({ headersTimeout: 1 });
    onTestFinished(() => {
      host[GLOBAL_DISPATCHER] = before;
    });
    const server = await patient();

    const layered = llmFetch()(server.url, init);
    await server.asked;
    await expect(fetch(server.url, init)).rejects.toMatchObject({ cause: { code: "UND_ERR_HEADERS_TIMEOUT" } });
    server.release();

    expect((await layered).status).toBe(200);
  });

  test("is cut where no connection comes about in time: nothing was sent, and nobody can bill it", async () => {
    // Takes the connection and never shakes hands.
    const silent = createTcpServer();
    const connected = new Promise((resolve) => silent.once("connection", resolve));
    const port = await listening(silent);
    const clock = virtualClock();
    const layer = llmFetch({ clock, timeouts: { connect: "3s" }, maxAttempts: 1 });
    const rules: string[] = [];
    layer.bide.on((event) => {
      if (event.type === "request-failed") rules.push(event.decision.evidence.rule);
    });
    const asking = layer(`https://127.0.0.1:${port}/v1/chat/completions`, init);
    const failed = expect(asking).rejects.toMatchObject({ waitedFor: "connection", timeoutMs: 3000 });
    await connected;

    await clock.advance("3s");

    await failed;
    expect(rules).toEqual(["network.unreached"]);
    expect(layer.bide.stats().maybeBilledTwice).toBe(0);
  });

  test("may take its time once the connection is there", async () => {
    const server = await patient();
    const clock = virtualClock();
    const asking = llmFetch({ clock, timeouts: { connect: "3s" } })(server.url, init);
    await server.asked;

    await clock.advance("1m");
    server.release();

    expect((await asking).status).toBe(200);
  });
});
