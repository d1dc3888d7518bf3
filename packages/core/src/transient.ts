import { AttemptTimeoutError, BideError, DeadlineError } from "./errors.js";

/** Codes and types in an error's body that mean money: waiting does not heal them, though they come with status 429. */
const MONEY =
  /insufficient_quota|quota_exceeded|billing|payment_required|credit_balance|spend_limit|usage_limit|insufficient_funds/;

/** What a network failure's `code` looks like, on the error or on its causes: Node's system errors and undici's. */
const NETWORK =
  /^(E(CONN(REFUSED|RESET|ABORTED)|PIPE|TIMEDOUT|AI_AGAIN|NOTFOUND|HOSTUNREACH|NETUNREACH|NETDOWN|PROTO)|UND_ERR_.+)$/;

/** What `fetch` of each engine says in its `TypeError` when the network failed: Node, Chromium, Firefox, Safari, Deno, Bun. */
const FETCH_FAILED =
  /^(fetch failed|terminated|failed to fetch|network error|networkerror when|load failed|the network connection was lost|error sending request|unable to connect|network request failed)/i;

const PROGRAMMING: readonly (new (...args: never[]) => Error)[] = [
  TypeError,
  ReferenceError,
  SyntaxError,
  RangeError,
  EvalError,
  URIError,
];

interface Details {
  readonly status?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
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
  if (typeof error !== "object" || error === null) return true;
  const { status, name, message } = error as Details;
  if (error instanceof AttemptTimeoutError || error instanceof DeadlineError) return true;
  if (error instanceof BideError && error.isFinal) return false;
  if (isAbort(error)) return false;
  if (typeof status === "number") return isTransientStatus(status) && !meansMoney(error);
  if (hasNetworkCode(error)) return true;
  if (name === "TimeoutError") return true;
  if (PROGRAMMING.some((type) => error instanceof type)) return FETCH_FAILED.test(String(message));
  return true;
}

/** `fetch` and Node say `AbortError`; the official LLM clients have a class `APIUserAbortError` whose `name` is `Error`. */
export function isAbort(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name } = error as Details;
  return meansAbort(name) || meansAbort(error.constructor?.name);
}

function meansAbort(name: unknown): boolean {
  return name === "AbortError" || name === "APIUserAbortError";
}

function isTransientStatus(status: number): boolean {
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
}

function meansMoney({ code, type }: Details): boolean {
  return MONEY.test(`${code} ${type}`);
}

/** `fetch failed` hides the system's code one or two causes down. */
function hasNetworkCode(error: Details, depth = 0): boolean {
  if (typeof error.code === "string" && NETWORK.test(error.code)) return true;
  const { cause } = error;
  return depth < 5 && typeof cause === "object" && cause !== null && hasNetworkCode(cause as Details, depth + 1);
}
