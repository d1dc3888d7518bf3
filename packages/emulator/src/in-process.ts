import { Endpoint } from "./endpoint.js";
import type { LogEntry } from "./log.js";
import type { EndpointOptions } from "./options.js";
import { play } from "./play.js";
import type { Reply, WireRequest } from "./reply.js";
import type { EmulatorStats } from "./stats.js";

/** A `fetch` that reaches an emulated endpoint without a port, whatever host is asked for. */
export interface EmulatorFetch {
  (input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  log(): readonly LogEntry[];
  stats(): EmulatorStats;
  /** Starts again: full buckets, empty log. */
  reset(): void;
  /** Puts other options in force from now on. */
  scenario(scenario: EndpointOptions): void;
}

/** An emulated endpoint as a `fetch`; with `clock` it lives on virtual time. Throws `TypeError` for a wrong option. */
export function emulatorFetch(options: EndpointOptions = {}): EmulatorFetch {
  const endpoint = new Endpoint(options);
  const call = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const body = new Uint8Array(await request.arrayBuffer());
    request.signal.throwIfAborted();
    const wireRequest = wireRequestOf(request, body);
    if (body.length <= endpoint.maxBodyBytes) return answer(endpoint, endpoint.handle(wireRequest), request.signal);
    const message = `The request body has ${body.length} bytes; the most is ${endpoint.maxBodyBytes}.`;
    return answer(endpoint, endpoint.refuse(wireRequest, "payload-too-large", message), request.signal);
  };
  return Object.assign(call, {
    log: () => endpoint.log(),
    stats: () => endpoint.stats(),
    reset: () => endpoint.reset(),
    scenario: (scenario: EndpointOptions) => endpoint.scenario(scenario),
  });
}

function wireRequestOf(request: Request, body: Uint8Array): WireRequest {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name) ?? undefined,
    body,
  };
}

/** Settles when the headers are there, and goes on with the body behind them. */
function answer(endpoint: Endpoint, reply: Reply, caller: AbortSignal): Promise<Response> {
  const left = new AbortController();
  const leave = (): void => left.abort(caller.reason);
  caller.addEventListener("abort", leave, { once: true });
  const encoder = new TextEncoder();
  return new Promise((resolve, reject) => {
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    let onDrained: (() => void) | undefined;
    const fail = (error: unknown): void => {
      if (body === undefined) reject(error);
      else body.error(error);
    };
    const head = (): void => {
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => {
          body = controller;
        },
        pull: () => onDrained?.(),
        cancel: (reason) => left.abort(reason),
      });
      resolve(new Response(stream, { status: reply.status, headers: reply.headers }));
    };
    left.signal.addEventListener("abort", () => fail(left.signal.reason), { once: true });
    const write = (data: string | Uint8Array): undefined => {
      body?.enqueue(typeof data === "string" ? encoder.encode(data) : data);
    };
    const end = (data: string): void => {
      if (data !== "") write(data);
      body?.close();
    };
    const reset = (): void => {
      const error = reply.head === "end" ? terminated() : fetchFailed(reply.head);
      // An error would take along what the caller has not read yet; on a socket it has arrived before.
      if (body === undefined || (body.desiredSize ?? 0) > 0) fail(error);
      else onDrained = () => fail(error);
    };
    play(reply, endpoint, { signal: left.signal, head, write, end, reset })
      .catch(fail)
      .finally(() => caller.removeEventListener("abort", leave));
  });
}

/** What Node's fetch throws when a connection breaks before the headers. */
function fetchFailed(head: Reply["head"]): TypeError {
  const code = head === "refuse" ? "ECONNREFUSED" : "ECONNRESET";
  const cause = new Error(head === "refuse" ? "connect ECONNREFUSED" : "read ECONNRESET");
  return new TypeError("fetch failed", { cause: Object.assign(cause, { code }) });
}

/** What Node's fetch makes of a connection that breaks in the middle of a body. */
function terminated(): TypeError {
  const cause = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
  return new TypeError("terminated", { cause });
}
