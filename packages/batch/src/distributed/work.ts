import type { ItemOutcome } from "../formats/batch-response.js";
import { isObject, numberIn, parsedJson } from "../formats/json.js";
import type { AttemptRecord } from "../journal/records.js";

/** What a worker made of a job. */
export interface WorkResult {
  /** Absent when the request was gone before the worker came: it is sent once more. */
  readonly outcome: ItemOutcome | undefined;
  readonly attempts: readonly AttemptRecord[];
  readonly inputTokens: number;
  readonly outputTokens: number;
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
    outcome: outcome === undefined ? undefined : outcomeOf(outcome),
    attempts: attempts.map(attemptOf),
    inputTokens: numberIn(value, "inputTokens"),
    outputTokens: numberIn(value, "outputTokens"),
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

function attemptOf(value: unknown): AttemptRecord {
  if (!isObject(value)) throw strange();
  const { status, code } = value;
  return {
    number: numberIn(value, "number"),
    startedMs: numberIn(value, "startedMs"),
    waitedMs: numberIn(value, "waitedMs"),
    tookMs: numberIn(value, "tookMs"),
    inputTokens: numberIn(value, "inputTokens"),
    outputTokens: numberIn(value, "outputTokens"),
    status: typeof status === "number" ? status : undefined,
    code: typeof code === "string" ? code : undefined,
  };
}

function strange(): TypeError {
  return new TypeError("the result of a job is not what a worker writes");
}
