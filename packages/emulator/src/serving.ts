import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Endpoint } from "./endpoint.js";
import { play, type Wire } from "./play.js";
import type { Part, Reply, WireRequest } from "./reply.js";

/** How many times the largest body an endless one may become before its connection is cut. */
const ENDLESS = 8;

/** Reads a request and plays the endpoint's reply to it. */
export function serve(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= endpoint.maxBodyBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > endpoint.maxBodyBytes * ENDLESS) request.destroy();
  });
  request.on("error", () => response.destroy());
  request.on("end", () => {
    const body = bytes > endpoint.maxBodyBytes ? undefined : Buffer.concat(chunks);
    try {
      answer(endpoint, request, response, replyTo(endpoint, request, body, bytes));
    } catch (error) {
      // A defect of the emulator's own: it must be seen, and must not take the other callers down.
      process.emitWarning(error instanceof Error ? error : String(error));
      response.destroy();
    }
  });
}

/** Answers what is no HTTP: a broken request line, too many headers, half a request that took too long. */
export function refuseConnection(endpoint: Endpoint, error: Error, socket: Duplex): void {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status = code === "HPE_HEADER_OVERFLOW" ? 431 : code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const kind = status === 408 ? "request-timeout" : "invalid";
  const body = endpoint.wording(kind, `The request is not valid HTTP (${String(code)}).`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\n\r\n${body}`);
}

function replyTo(endpoint: Endpoint, request: IncomingMessage, body: Buffer | undefined, bytes: number): Reply {
  const wireRequest = wireRequestOf(request, body ?? new Uint8Array());
  if (body !== undefined) return endpoint.handle(wireRequest);
  const message = `The request body has ${bytes} bytes; the most is ${endpoint.maxBodyBytes}.`;
  return endpoint.refuse(wireRequest, "payload-too-large", message);
}

function wireRequestOf(request: IncomingMessage, body: Uint8Array): WireRequest {
  return {
    method: request.method ?? "GET",
    target: request.url ?? "/",
    header: (name) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : value?.[0];
    },
    body,
  };
}

function answer(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (answerAtOnce(endpoint, response, reply)) return;
  const left = new AbortController();
  response.on("close", () => left.abort());
  const wire: Wire = {
    signal: left.signal,
    head: () => {
      const whole = wholeBodyOf(reply);
      response.writeHead(reply.status, whole === undefined ? reply.headers : withLength(reply, whole));
      // Only a body that comes all at once may wait for its headers to travel with it.
      if (whole === undefined) response.flushHeaders();
    },
    write: (data) => written(response, data),
    end: (data) => void response.end(data),
    reset: () => resetSocket(request.socket),
  };
  play(reply, endpoint, wire).catch(() => response.destroy());
}

/** The short way for what nothing delays or breaks: nearly everything in a benchmark. */
function answerAtOnce(endpoint: Endpoint, response: ServerResponse, reply: Reply): boolean {
  const part = reply.head === "end" ? wholeBodyOf(reply) : undefined;
  if (part === undefined) return false;
  if (reply.arrivedAtMs + Math.max(part.atMs, reply.headAtMs) > endpoint.nowMs()) return false;
  response.writeHead(reply.status, withLength(reply, part));
  response.end(part.data);
  reply.finish(true);
  return true;
}

/** The one part of a body that comes all at once and whole. */
function wholeBodyOf(reply: Reply): Part | undefined {
  if (reply.ending !== "end" || !Array.isArray(reply.parts) || reply.parts.length !== 1) return undefined;
  const parts: readonly Part[] = reply.parts;
  return parts[0];
}

function withLength(reply: Reply, { data }: Part): Record<string, string | number> {
  return { ...reply.headers, "content-length": Buffer.byteLength(data) };
}

function written(response: ServerResponse, data: string | Uint8Array): Promise<void> | undefined {
  if (response.write(data)) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

/** Cuts the connection with a TCP reset, after what was written has left: a socket that is not full tells of no drain. */
function resetSocket(socket: Socket): void {
  if (socket.writableLength === 0) socket.resetAndDestroy();
  else socket.write("", () => socket.resetAndDestroy());
}
