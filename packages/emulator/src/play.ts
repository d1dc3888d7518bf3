import type { Endpoint } from "./endpoint.js";
import type { Reply } from "./reply.js";

/** Where a reply goes: a socket, or a `Response`. */
export interface Wire {
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal;
  /** Sends status and headers. */
  head(): void;
  /** Sends bytes; a promise where the caller has to be waited for. */
  write(data: string | Uint8Array): Promise<void> | undefined;
  /** Ends the body properly, after these last bytes. */
  end(data: string): void;
  /** Cuts the connection. */
  reset(): void;
}

/** Plays a reply onto a wire, each part when it is due. Never rejects: a caller who leaves ends it. */
export async function play(reply: Reply, endpoint: Endpoint, wire: Wire): Promise<void> {
  let whole = false;
  try {
    whole = await playParts(reply, endpoint, wire);
  } catch (error) {
    if (!wire.signal.aborted) throw error;
  } finally {
    reply.finish(whole);
  }
}

async function playParts(reply: Reply, endpoint: Endpoint, wire: Wire): Promise<boolean> {
  const due = (atMs: number): Promise<void> | undefined => {
    const waitMs = (reply.arrivedAtMs + atMs - endpoint.nowMs()) / endpoint.timeScale;
    return waitMs > 0 ? endpoint.clock.sleep(waitMs, wire.signal) : undefined;
  };
  const late = due(reply.headAtMs);
  if (late !== undefined) await late;
  if (reply.head === "hang") await forever(wire.signal);
  if (reply.head !== "end") return cut(wire);
  wire.head();
  let pending = "";
  for (const { atMs, data } of reply.parts) {
    const wait = due(atMs);
    if (pending !== "" && (wait !== undefined || typeof data !== "string")) {
      await wire.write(pending);
      pending = "";
    }
    if (wait !== undefined) await wait;
    // What is due at once goes out in one packet, unless a fault wants the bytes apart.
    if (typeof data === "string") pending += data;
    else await wire.write(data);
  }
  if (reply.ending === "end") {
    wire.end(pending);
    return true;
  }
  if (pending !== "") await wire.write(pending);
  if (reply.ending === "hang") await forever(wire.signal);
  return cut(wire);
}

function cut(wire: Wire): boolean {
  wire.reset();
  return false;
}

function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
