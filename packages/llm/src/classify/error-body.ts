import { isObject, type JsonObject, parseJson } from "../json.js";

/** What an error body says, whatever its shape. */
export interface ErrorBody {
  /** Every code, type, status and error type on the way down, in lower case, outermost first. */
  readonly signals: readonly string[];
  /** Every message on the way down. For rules to search; never shown. */
  readonly text: string;
  /** A number from 400 to 599 in the body: the status that the answer should have had. */
  readonly status: number | undefined;
  /** Every object on the way down: for what only one provider says. */
  readonly objects: readonly JsonObject[];
}

const SIGNAL_KEYS = ["code", "type", "status", "error_type", "reason"] as const;
const TEXT_KEYS = ["message", "msg", "detail", "title", "error_description", "error", "raw"] as const;
const INNER_KEYS = [
  "error",
  "errors",
  "innererror",
  "inner_error",
  "details",
  "metadata",
  "availability",
  "violations",
  "response",
  "content_filter_result",
] as const;
/** Bodies nest: proxies wrap providers, and put their bodies into messages. */
const DEEPEST = 6;
const MOST_OBJECTS = 64;

/** Reads an error body: JSON of any nesting, JSON inside strings, or plain text. */
export function readErrorBody(text: string): ErrorBody {
  const value = parseJson(text);
  if (value === undefined) return { signals: [], text, status: undefined, objects: [] };
  return readErrorValue(value);
}

/** Reads an error that was parsed already. */
export function readErrorValue(value: unknown): ErrorBody {
  const found: Found = { signals: [], texts: [], objects: [] };
  collect(value, found, 0);
  return {
    signals: found.signals,
    text: found.texts.join("\n"),
    status: found.status,
    objects: found.objects,
  };
}

interface Found {
  readonly signals: string[];
  readonly texts: string[];
  readonly objects: JsonObject[];
  status?: number;
}

function collect(value: unknown, found: Found, depth: number): void {
  if (depth > DEEPEST || found.objects.length >= MOST_OBJECTS) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found, depth + 1);
  } else if (typeof value === "string") collectText(value, found, depth);
  else if (isObject(value)) collectObject(value, found, depth);
}

function collectObject(value: JsonObject, found: Found, depth: number): void {
  found.objects.push(value);
  for (const key of SIGNAL_KEYS) collectSignal(value[key], found);
  for (const key of TEXT_KEYS) if (typeof value[key] === "string") collectText(value[key], found, depth);
  for (const key of INNER_KEYS) if (typeof value[key] === "object") collect(value[key], found, depth + 1);
}

function collectSignal(value: unknown, found: Found): void {
  if (typeof value !== "string" && typeof value !== "number") return;
  found.signals.push(String(value).toLowerCase());
  const status = Number(value);
  if (Number.isInteger(status) && status >= 400 && status <= 599) found.status ??= status;
}

/** A message, or a whole body that somebody put into one. */
function collectText(text: string, found: Found, depth: number): void {
  const start = text.indexOf("{");
  const inner = start >= 0 && text.trimEnd().endsWith("}") ? parseJson(text.slice(start)) : undefined;
  if (isObject(inner)) {
    if (start > 0) found.texts.push(text.slice(0, start));
    collect(inner, found, depth + 1);
  } else found.texts.push(text);
}
