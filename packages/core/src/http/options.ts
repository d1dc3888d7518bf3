import { optionError } from "../errors.js";
import { checkFunction, checkKeys } from "../options.js";
import { RETRY_KEYS } from "../retry/config.js";
import type { RetryOptions } from "../retry/options.js";

/** Options of `retryingFetch`: those of `retry`, and three about HTTP. */
export interface RetryingFetchOptions extends Omit<RetryOptions<unknown, Response>, "rules" | "until" | "while"> {
  /** What sends. @default the host's `fetch`, looked up at each call */
  readonly fetch?: typeof fetch | undefined;
  /**
   * The methods that are retried, in place of the defaults. Those left out are sent once, unless the request carries an
   * `Idempotency-Key`. @default GET, HEAD, PUT, DELETE, OPTIONS, TRACE
   */
  readonly methods?: readonly string[] | undefined;
  /** The answers that are retried, in place of the defaults. @default 408, 425, 429, 500, 502, 503, 504 */
  readonly statuses?: readonly number[] | undefined;
}

/** What `retryingFetch` retries unless it is told; its other defaults are those of `retry`. */
export const RETRYING_FETCH_DEFAULTS: {
  readonly methods: readonly string[];
  readonly statuses: readonly number[];
} = /* @__PURE__ */ Object.freeze({
  /** Idempotent by RFC 9110, section 9.2.2: sent twice, they do what they do once. */
  methods: Object.freeze(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]),
  /** The registered ones that speak of this moment and not of this request: RFC 9110, and RFC 8470 (425), RFC 6585 (429). */
  statuses: Object.freeze([408, 425, 429, 500, 502, 503, 504]),
});

const EXCLUDED: readonly string[] = ["rules", "until", "while"];
const KEYS: readonly string[] = [
  ...["fetch", "methods", "statuses"],
  ...RETRY_KEYS.filter((key) => !EXCLUDED.includes(key)),
];

/** @throws OptionError for an option of `retryingFetch` that is unknown or out of range; `retry` looks at its own. */
export function checkFetchOptions(options: RetryingFetchOptions): void {
  checkKeys(options, KEYS, "retryingFetch");
  const { fetch, methods, statuses, onRetry } = options;
  checkFunction(fetch, "fetch");
  checkFunction(onRetry, "onRetry");
  checkEach("methods", methods, "HTTP methods", (method) => typeof method === "string" && TOKEN.test(method));
  checkEach(
    "statuses",
    statuses,
    "HTTP statuses from 200 to 599",
    (status) => Number.isInteger(status) && isInRange(status as number),
  );
}

/** What a method is made of. */
const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;

function isInRange(status: number): boolean {
  return status >= 200 && status <= 599;
}

function checkEach(option: string, list: unknown, expected: string, fits: (member: unknown) => boolean): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw optionError(option, `a list of ${expected}`, list);
  for (const member of list) if (!fits(member)) throw optionError(option, expected, member);
}
