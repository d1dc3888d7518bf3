import type { WireRequest } from "./reply.js";

/** The API key of a request, wherever the providers' clients put it; empty if there is none. */
export function apiKeyOf(request: WireRequest): string {
  const bearer = /^bearer\s+(.+)$/i.exec(request.header("authorization") ?? "")?.[1];
  const named = request.header("x-api-key") ?? request.header("api-key") ?? request.header("x-goog-api-key");
  return bearer ?? named ?? /[?&]key=([^&]*)/.exec(request.target)?.[1] ?? "";
}

/** As much of a key as the log shows. */
export function masked(key: string): string {
  return key === "" ? "" : `…${key.slice(-4)}`;
}
