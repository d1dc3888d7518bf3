import type { CallEnding } from "./attempt-log.js";

/**
 * Why a run ended before its file did. All of these leave the rest for the next run. `quota`: the money of the key is spent;
 * `auth`: the key is refused; `long-wait`: the endpoint asks for a wait of more than a day; `unreachable`: no request gets
 * through; `max-cost`: what the run may cost is spent; `limit`: as many items are done as were asked for.
 */
export type StopReason =
  | "quota"
  | "auth"
  | "long-wait"
  | "unreachable"
  | "interrupted"
  | "time-budget"
  | "max-cost"
  | "limit";

/** A reason with what the endpoint said, for people. */
export interface Stop {
  readonly reason: StopReason;
  readonly message: string;
  /** With `long-wait`: how long the endpoint asks to wait, where it says. */
  readonly retryAfterMs?: number | undefined;
}

/** Whether a call ended in a way that no other request through the same endpoint would escape. */
export function stopOfCall({ reason, decision, retryAfterMs }: CallEnding): Stop | undefined {
  const type = decision?.class;
  if ((type === "quota" || type === "auth") && decision?.scope === "key") {
    return { reason: type, message: decision.reason };
  }
  if (reason !== "hint-exceeds-deadline" && type !== "rate-long") return undefined;
  const waitMs = retryAfterMs ?? decision?.waitMs;
  const wait = waitMs === undefined ? "does not say how long to wait" : `asks for a wait of ${hours(waitMs)}`;
  return { reason: "long-wait", message: `a limit is used up, and the endpoint ${wait}`, retryAfterMs: waitMs };
}

function hours(ms: number): string {
  const whole = Math.ceil(ms / 60_000);
  return `${Math.floor(whole / 60)} h ${whole % 60} min`;
}
