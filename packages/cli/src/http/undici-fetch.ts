import { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Agent, type Dispatcher, request } from "undici";

/** A `fetch` with its connections. */
export interface KeepAliveFetch {
  readonly fetch: typeof fetch;
  close(): Promise<void>;
}

/**
 * A `fetch` over undici's `request`, which costs a fifth to a ninth of the built-in one's CPU. Connections are kept, up to
 * `connections` per host. It follows no redirect and keeps no time: whoever calls it brings the signal.
 */
export function keepAliveFetch(connections: number): KeepAliveFetch {
  const agent = new Agent({
    connections,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 30_000 },
  });
  return {
    fetch: (input, init) => fetchThrough(agent, input, init),
    // Requests that hang on when the program ends must not keep it.
    close: () => agent.destroy(),
  };
}

async function fetchThrough(agent: Agent, input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const { body } = init;
  if (input instanceof Request || !(body === undefined || body === null || isPlain(body))) return fetch(input, init);
  init.signal?.throwIfAborted();
  try {
    const answer = await request(String(input), {
      dispatcher: agent,
      method: methodOf(init),
      headers: headersOf(init.headers),
      body: body ?? null,
      signal: init.signal ?? null,
    });
    return await responseOf(answer);
  } catch (error) {
    if (init.signal?.aborted) throw init.signal.reason;
    // As the built-in fetch does, so that whoever classifies errors meets one shape.
    throw new TypeError("fetch failed", { cause: error });
  }
}

function isPlain(body: unknown): body is string | Uint8Array {
  return typeof body === "string" || body instanceof Uint8Array;
}

function methodOf({ method = "GET" }: RequestInit): Dispatcher.HttpMethod {
  return method as Dispatcher.HttpMethod;
}

function headersOf(headers: RequestInit["headers"]): Record<string, string> {
  const plain = isRecord(headers) ? { ...headers } : Object.fromEntries(new Headers(headers));
  return plain;
}

function isRecord(headers: RequestInit["headers"]): headers is Record<string, string> {
  return headers !== undefined && !(headers instanceof Headers) && !Array.isArray(headers);
}

async function responseOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Response> {
  const encoding = headers["content-encoding"];
  const init = { status: statusCode, headers: webHeaders(headers) };
  if (String(headers["content-type"]).startsWith("text/event-stream") || encoding !== undefined) {
    return new Response(Readable.toWeb(decoded(body, encoding)) as ReadableStream<Uint8Array>, init);
  }
  // Read whole: an answer that is one piece needs no stream, and a stream would cost more than the request.
  const bytes = await body.arrayBuffer();
  return new Response(statusCode === 204 || statusCode === 205 || statusCode === 304 ? null : bytes, init);
}

function webHeaders(headers: Dispatcher.ResponseData["headers"]): [string, string][] {
  const dropped = new Set(["content-encoding", "content-length"]);
  const isEncoded = headers["content-encoding"] !== undefined;
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined || (isEncoded && dropped.has(name))) return [];
    return typeof value === "string" ? [[name, value]] : value.map((one): [string, string] => [name, one]);
  });
}

/** Servers that compress unasked are read all the same. */
function decoded(body: Readable, encoding: string | string[] | undefined): Readable {
  if (encoding === "gzip" || encoding === "x-gzip") return body.compose(createGunzip());
  if (encoding === "br") return body.compose(createBrotliDecompress());
  if (encoding === "deflate") return body.compose(createInflate());
  return body;
}
