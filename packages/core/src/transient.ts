import { BideError } from "./errors.js";

/** Codes and types in an error's body that mean money: waiting does not heal them, though they come with status 429. */
const MONEY = /insufficient_(quota|funds)|quota_exceeded|billing|payment_required|credit_balance|(spend|usage)_limit/;

/** What a network failure's `code` looks like, on the error or on its causes: a system's, as `ECONNRESET`, or undici's. */
const NETWORK = /^(E(?!RR_)|UND_ERR_)/;

/** What `fetch` of each engine says in its `TypeError` when the network failed: Node, Chromium, Firefox, Safari, Deno, Bun. */
const FETCH_FAILED =
  /^(fetch failed|terminated|failed to fetch|network error|networkerror when|load failed|the network connection was lost|error sending request|unable to connect|network request failed)/i;

interface Details {
  readonly status?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly name?: unknown;
  readonly isFinal?: unknown;
  readonly cause?: unknown;
  readonly constructor?: { readonly name?: unknown };
}

/**
 * Whether an error may heal by itself: what `retry` retries when it is not told.
 *
 * Retried: a numeric `status` of 408, 409, 425, 429 or >= 500, unless its code or type means money; network codes and
 * time-outs; and errors without a `status` of any other kind. Never retried: an abort, a programming error (a `TypeError`
 * that is no network failure, a `ReferenceError`, …), every other 4xx, and what bide itself calls final (an option
 * that was refused, a request larger than its limit).
 */
export function isTransient(error: unknown): boolean {
  const details = error as Details | null | undefined;
  const status = details?.status;
  if (typeof status === "number") {
    const { code, type } = details as Details;
    return (status >= 500 || [408, 409, 425, 429].includes(status)) && !MONEY.test(String(code) + String(type));
  }
  if (isAbort(error) || (details?.isFinal === true && error instanceof BideError)) return false;
  // A network that fails looks like a mistake in the program: `fetch` throws a `TypeError`.
  return !isMistake(error) || FETCH_FAILED.test(error.message) || hasNetworkCode(error);
}

/** What the language throws at a mistake in the program. */
function isMistake(error: unknown): error is Error {
  // Most errors are of no kind of their own, and need not be held against six.
  if ((error as Error | null | undefined)?.constructor === Error) return false;
  return (
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError ||
    error instanceof RangeError ||
    error instanceof EvalError ||
    error instanceof URIError
  );
}

/** `fetch` and Node say `AbortError`; the official LLM clients have a class `APIUserAbortError` whose `name` is `Error`. */
export function isAbort(error: unknown): boolean {
  const details = error as Details | null | undefined;
  const type = details?.constructor;
  return meansAbort(details?.name) || (type !== Error && meansAbort(type?.name));
}

function meansAbort(name: unknown): boolean {
  return name === "AbortError" || name === "APIUserAbortError";
}

/** `fetch failed` hides the system's code one or two causes down. */
function hasNetworkCode(error: unknown, depth = 0): boolean {
  const { code, cause } = (error ?? {}) as Details;
  return NETWORK.test(String(code)) || (depth < 5 && hasNetworkCode(cause, depth + 1));
}
