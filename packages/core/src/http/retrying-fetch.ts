import type { Attempt } from "../outcome.js";
import { executeRetry } from "../retry/execute.js";
import { discard } from "./discard.js";
import { fetchConfig } from "./fetch-config.js";
import { RETRYING_FETCH_DEFAULTS, type RetryingFetchOptions } from "./options.js";
import { OutgoingRequest, type RetryingRequestInit, signalBeside } from "./request.js";

/** `fetch`, to the caller. */
export type RetryingFetch = (input: RequestInfo | URL, init?: RetryingRequestInit) => Promise<Response>;

const IDEMPOTENCY_KEY = "idempotency-key";

/**
 * A `fetch` that waits for the right moment and goes again: after a network failure and after the answers in `statuses`,
 * for requests that may safely be sent twice, as soon as the server's `Retry-After` or `RateLimit` field allows.
 *
 * What comes out at the end is what `fetch` would have given: the last `Response`, whatever its status, its body unread;
 * the original error of a network failure; the signal's reason. It throws `DeadlineError` and `AttemptTimeoutError` where
 * those options are set; they bound the time until the head of the answer is there, not the reading of its body.
 *
 * @throws OptionError for an option that is unknown or out of range.
 */
export function retryingFetch(options: RetryingFetchOptions = {}): RetryingFetch {
  const config = fetchConfig(options);
  const methods = new Set((options.methods ?? RETRYING_FETCH_DEFAULTS.methods).map((method) => method.toUpperCase()));
  const repeated = executeRetry(config);
  const single = executeRetry({ ...config, rules: config.rules.map((rule) => ({ ...rule, maxAttempts: 1 })) });
  const send: typeof fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const cutsAttempts = Number.isFinite(config.attemptTimeoutMs) || config.deadlineMs !== Number.POSITIVE_INFINITY;

  return async (input, init) => {
    const request = new OutgoingRequest(input, init);
    const mayRepeat = request.isReplayable && (methods.has(request.method) || request.has(IDEMPOTENCY_KEY));
    const attemptOnce = async (attempt: Attempt): Promise<Response> => {
      const signal = signalBeside(request.signal, cutsAttempts ? attempt : undefined, options.signal);
      const response = await send(...(await request.forAttempt(signal, mayRepeat)));
      // A `fetch` that does not heed its signal may answer after its attempt was given up.
      if ((signal ?? request.signal)?.aborted) discard(response);
      return response;
    };
    return (mayRepeat ? repeated : single)(attemptOnce, { signal: request.signal }, undefined, undefined);
  };
}
