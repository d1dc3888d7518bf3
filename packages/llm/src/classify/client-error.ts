import { AttemptTimeoutError, isTransient } from "bide";
import { defaultClock } from "bide/kit";
import { generic } from "../dialects/generic.js";
import { AnswerRejectedError, MalformedAnswerError, RequestTimeoutError, StreamInterruptedError } from "../errors.js";
import { isObject, type JsonObject } from "../json.js";
import { classify } from "./classify.js";
import type { Decision } from "./decision.js";
import { type ErrorBody, readErrorBody, readErrorValue } from "./error-body.js";

/** Clients wrap what they catch. */
const DEEPEST_CAUSE = 5;

/**
 * What an error means that a client threw: those of `openai`, `@anthropic-ai/sdk`, `@google/genai`, the AI SDK, and whatever
 * carries a status, headers and a body in their fields. `undefined` for what is no failure of a call, such as an abort.
 */
export function decisionOf(error: unknown): Decision | undefined {
  const wallNowMs = defaultClock().wallNowMs();
  for (const [depth, link] of chainOf(error).entries()) {
    if (link instanceof StreamInterruptedError && link.decision) return link.decision;
    const answer = isObject(link) || link instanceof Error ? answerOf({ ...fieldsOf(link) }) : undefined;
    if (answer) return classify(answer, { dialect: generic, wallNowMs });
    if (isOurs(link) || (depth === 0 && link instanceof AttemptTimeoutError)) return transient();
  }
  return isTransient(error) ? transient() : undefined;
}

function isOurs(error: unknown): boolean {
  const types = [StreamInterruptedError, RequestTimeoutError, MalformedAnswerError, AnswerRejectedError];
  return types.some((type) => error instanceof type);
}

function transient(): Decision {
  const evidence = { dialect: generic.name, rule: "client.failed", status: undefined };
  return { class: "transient", scope: "request", waitMs: undefined, reason: "the call failed", evidence };
}

/** An error, what caused it, and of a list of failures the last one. */
function chainOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let link = error; link !== undefined && link !== null && chain.length < DEEPEST_CAUSE; ) {
    chain.push(link);
    const { cause, lastError } = link as { readonly cause?: unknown; readonly lastError?: unknown };
    link = lastError ?? cause;
  }
  return chain;
}

/** Fields that are getters on a prototype are fields as well. */
function fieldsOf(error: object): JsonObject {
  const names = [
    "status",
    "statusCode",
    "headers",
    "responseHeaders",
    "error",
    "responseBody",
    "code",
    "type",
    "message",
  ];
  const source = error as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map((name) => [name, source[name]]));
}

function answerOf(fields: JsonObject): Parameters<typeof classify>[0] | undefined {
  const status = [fields["status"], fields["statusCode"]].find((value) => typeof value === "number");
  const body = bodyOf(fields);
  if (status === undefined && !isObject(fields["error"])) return undefined;
  return { status, headers: headersOf(fields["headers"] ?? fields["responseHeaders"]), body };
}

function bodyOf({ error, responseBody, code, type, message }: JsonObject): ErrorBody {
  if (typeof responseBody === "string") return readErrorBody(responseBody);
  return readErrorValue({ error: isObject(error) ? error : undefined, code, type, message });
}

function headersOf(value: unknown): Headers {
  if (value instanceof Headers) return value;
  if (!isObject(value)) return new Headers();
  const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return new Headers(texts);
}
