import { parseRetryAfter } from "bide/http";
import type { Dimension } from "../classify/decision.js";
import type { ErrorBody } from "../classify/error-body.js";
import { isObject, itemsAt, type JsonObject, numberAt, textAt } from "../json.js";
import { goDurationMs } from "./go-duration.js";
import { headerDateMs, headerNumber } from "./header-values.js";
import { violatedResetMs } from "./reset.js";
import { textDurationMs } from "./text-duration.js";

/** Where a wait was found. */
export type HintSource =
  | "retry-after-ms"
  | "x-ms-retry-after-ms"
  | "retry-after"
  | "retry-info"
  | "body-field"
  | "body-text"
  | "reset-header";

/** A wait that a server asked for. */
export interface Hint {
  readonly waitMs: number;
  readonly source: HintSource;
}

/** What a hint may be read from. */
export interface HintSources {
  readonly headers: Headers;
  readonly body: ErrorBody;
  /** The limit that was hit, where known; `none` when it was no limit, so that reset headers say nothing. */
  readonly dimension: Dimension | "none" | undefined;
  /** Milliseconds since 1970, here; the server's own `Date` counts before it. */
  readonly wallNowMs: number;
}

/** The server's wait, from the most exact source that has one. Garbage, negative numbers and dates gone by are passed over. */
export function hintOf({ headers, body, dimension, wallNowMs }: HintSources): Hint | undefined {
  const serverNowMs = headerDateMs(headers.get("date")) ?? wallNowMs;
  const readers: readonly (readonly [HintSource, () => number | undefined])[] = [
    ["retry-after-ms", () => headerNumber(headers.get("retry-after-ms"))],
    ["x-ms-retry-after-ms", () => headerNumber(headers.get("x-ms-retry-after-ms"))],
    ["retry-after", () => parseRetryAfter(headers, wallNowMs) || undefined],
    ["retry-info", () => firstOf(body.objects, retryInfoMs)],
    ["body-field", () => firstOf(body.objects, retryAfterFieldMs)],
    ["body-text", () => textDurationMs(body.text)],
    ["reset-header", () => (dimension === "none" ? undefined : violatedResetMs(headers, dimension, serverNowMs))],
  ];
  for (const [source, read] of readers) {
    const waitMs = read();
    if (waitMs !== undefined && Number.isFinite(waitMs)) return { waitMs, source };
  }
  return undefined;
}

function firstOf<T>(values: readonly JsonObject[], read: (value: JsonObject) => T | undefined): T | undefined {
  for (const value of values) {
    const found = read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.4s"}`. */
function retryInfoMs(value: JsonObject): number | undefined {
  if (!textAt(value, "@type")?.endsWith("RetryInfo")) return undefined;
  const delay = value["retryDelay"];
  if (typeof delay === "string") return goDurationMs(delay);
  if (!isObject(delay)) return undefined;
  const seconds = Number(delay["seconds"] ?? 0) + Number(delay["nanos"] ?? 0) / 1e9;
  return seconds >= 0 ? seconds * 1000 : undefined;
}

/** `"retry_after": 20`, in seconds, as OpenRouter and several proxies write it. */
function retryAfterFieldMs(value: JsonObject): number | undefined {
  const seconds = numberAt(value, "retry_after") ?? numberAt(value, "retry_after_seconds");
  return seconds !== undefined && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Which limit a refusal is about: by its type, by what its message abbreviates, or by the quota that it names. */
export function dimensionOf(body: ErrorBody): Dimension | undefined {
  const { signals, text, objects } = body;
  if (signals.includes("tokens")) return "tokens";
  if (signals.includes("requests")) return "requests";
  if (/input[ -]tokens per|\bITPM\b/i.test(text)) return "input-tokens";
  if (/output[ -]tokens per|\bOTPM\b/i.test(text)) return "output-tokens";
  if (/tokens per|token rate limit|\bTP[MD]\b/i.test(text)) return "tokens";
  if (/requests per|call rate limit|\bRP[MD]\b/i.test(text)) return "requests";
  const quotaIds = objects.map((object) => textAt(object, "quotaId") ?? "").join(" ");
  if (/input.?token/i.test(quotaIds)) return "input-tokens";
  return /request/i.test(quotaIds) ? "requests" : undefined;
}

/** Whether a Gemini quota that was hit is one per day. */
export function isDaily(body: ErrorBody): boolean {
  const isDay = (object: JsonObject): boolean => /PerDay/i.test(textAt(object, "quotaId") ?? "");
  return body.objects.some(
    (object) => isDay(object) || itemsAt(object, "violations").some((v) => isObject(v) && isDay(v)),
  );
}
