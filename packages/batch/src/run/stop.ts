import type { ItemOutcome } from "../formats/batch-response.js";
import { isObject, parsedJson } from "../formats/json.js";

/** Why a run ended before its file did. All of these leave the rest for the next run. */
export type StopReason = "quota" | "auth" | "interrupted" | "time-budget";

/** A reason with what the endpoint said, for people. */
export interface Stop {
  readonly reason: StopReason;
  readonly message: string;
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
