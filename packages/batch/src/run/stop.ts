import type { ItemOutcome } from "../formats/batch-response.js";
import { isObject, parsedJson } from "../formats/json.js";
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

/** Codes and types of an error that only money heals. @see https://help.openai.com/en/articles/6614457 */
const MONEY = new Set([
  "insufficient_quota",
  "billing_hard_limit_reached",
  "billing_not_active",
  "billing_error",
  "credit_balance_exhausted",
  "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
  "payment_required",
]);

/** Whether an answer says that no other request would fare better: the key is refused, or its money is spent. */
export function stopOf(outcome: ItemOutcome): Stop | undefined {
  if (outcome.kind !== "answer") return undefined;
  const { status } = outcome;
  if (status === 401 || status === 403) {
    return { reason: "auth", message: `the endpoint refused the key (status ${status})` };
  }
  const error = errorOf(outcome.bodyJson);
  if (status === 402 || (status >= 400 && error.some((name) => MONEY.has(name)))) {
    return { reason: "quota", message: `the key's quota is spent (status ${status}${named(error)})` };
  }
  return undefined;
}

/** The `code` and the `type` of an error body, where they are texts. */
function errorOf(bodyJson: string): readonly string[] {
  const body = parsedJson(bodyJson);
  const error = isObject(body) ? body["error"] : undefined;
  if (!isObject(error)) return [];
  return [error["code"], error["type"]].filter((name) => typeof name === "string");
}

function named([first]: readonly string[]): string {
  return first === undefined || !/^[\w.-]{1,64}$/.test(first) ? "" : `, ${first}`;
}
