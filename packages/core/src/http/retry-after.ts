import { checkMethods } from "../options.js";
import { parseHttpDate } from "./http-date.js";

/** What a parser needs of a response's headers: `Headers` of any fetch, or an object like it. */
export interface HeaderFields {
  /** The value of a field, or `null` where it was not sent; names are given in lower case. */
  get(name: string): string | null;
}

/** @throws OptionError for what is not read by `get`, as the plain object of Node is not. */
export function checkHeaders(headers: HeaderFields): void {
  checkMethods(headers ?? null, "headers", ["get"], "the headers of a response");
}

/** Whole seconds, says the standard; some servers send fractions, and they mean them. */
const SECONDS = /^\d+(?:\.\d+)?$/;

/**
 * The milliseconds that a `Retry-After` field asks to wait, or `undefined` where there is none that can be read.
 * A date is held against the response's own `Date`, so that a clock that is wrong, here or there, does no harm.
 *
 * Never throws, whatever a server sends; the result is finite and >= 0, 0 for a date that has passed.
 *
 * @throws OptionError for headers that have no `get`.
 * @param nowMs Wall time in milliseconds since 1970: stands in for a `Date` that was not sent.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(headers: HeaderFields, nowMs: number): number | undefined {
  checkHeaders(headers);
  const field = headers.get("retry-after")?.trim() ?? "";
  if (SECONDS.test(field)) return Math.min(Math.ceil(Number(field) * 1000), Number.MAX_SAFE_INTEGER);
  const untilMs = parseHttpDate(field, nowMs);
  if (untilMs === undefined) return undefined;
  const sentMs = parseHttpDate(headers.get("date")?.trim() ?? "", nowMs);
  return Math.max(0, untilMs - (sentMs ?? nowMs));
}
