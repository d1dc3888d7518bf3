import { parseRateLimit } from "./rate-limit-fields.js";
import { type HeaderFields, parseRetryAfter } from "./retry-after.js";

/**
 * How long an answer asks to wait, in milliseconds. `Retry-After` takes precedence; without one, an answer that means
 * "too much" is read for the quotas that are used up.
 */
export function hintMs(
  { status, headers }: { readonly status: number; readonly headers: HeaderFields },
  nowMs: number,
): number | undefined {
  const retryAfterMs = parseRetryAfter(headers, nowMs);
  if (retryAfterMs !== undefined || (status !== 429 && status !== 503)) return retryAfterMs;
  const spent = parseRateLimit(headers).flatMap(({ remaining, resetMs }) => (remaining === 0 ? (resetMs ?? []) : []));
  return spent.length > 0 ? Math.max(...spent) : undefined;
}
