import type { DecisionClass } from "@bide/llm";
import type { ItemOutcome } from "../formats/batch-response.js";
import { isObject, numberIn, parsedJson } from "../formats/json.js";
import type { Attempt } from "../journal/records.js";
import type { Sent } from "../run/send.js";

/** What a worker made of a job. */
export interface WorkResult extends Sent {
  readonly attempts: readonly Attempt[];
  readonly worker: string;
}

/** A result as text, to be sealed and sent. */
export function resultText(result: WorkResult): string {
  return JSON.stringify(result);
}

/** @throws TypeError for anything but what {@link resultText} wrote. */
export function parseResult(text: string): WorkResult {
  const value = parsedJson(text);
  if (!isObject(value) || typeof value["worker"] !== "string" || !Array.isArray(value["attempts"])) throw strange();
  const { outcome, attempts, worker } = value;
  return {
    worker,
    outcome: outcomeOf(outcome),
    attempts: attempts.map(attemptOf),
    inputTokens: numberIn(value, "inputTokens"),
    outputTokens: numberIn(value, "outputTokens"),
    cachedTokens: numberIn(value, "cachedTokens"),
  };
}

function outcomeOf(value: unknown): ItemOutcome {
  if (!isObject(value)) throw strange();
  const { kind, status, requestId, bodyJson, code, message } = value;
  if (
    kind === "answer" &&
    typeof status === "number" &&
    typeof requestId === "string" &&
    typeof bodyJson === "string"
  ) {
    return { kind, status, requestId, bodyJson };
  }
  if (kind === "failure" && typeof code === "string" && typeof message === "string") return { kind, code, message };
  throw strange();
}

function attemptOf(value: unknown): Attempt {
  if (!isObject(value)) throw strange();
  const { status, code, class: type } = value;
  return {
    number: numberIn(value, "number"),
    startedMs: numberIn(value, "startedMs"),
    waitedMs: numberIn(value, "waitedMs"),
    queuedMs: numberIn(value, "queuedMs"),
    tookMs: numberIn(value, "tookMs"),
    status: typeof status === "number" ? status : undefined,
    code: typeof code === "string" ? code : undefined,
    // A class is one of a worker of this version, or of a newer one: it is only counted.
    class: typeof type === "string" ? (type as DecisionClass) : undefined,
    endpoint: numberIn(value, "endpoint"),
  };
}

function strange(): TypeError {
  return new TypeError("the result of a job is not what a worker writes");
}
