import { defaultClock } from "../clock.js";
import { checkMethods } from "../options.js";
import type { Failure } from "../outcome.js";
import { type RetryConfig, retryConfig } from "../retry/config.js";
import type { UncheckedRetryOptions } from "../retry/options.js";
import { isTransient } from "../transient.js";
import { discard } from "./discard.js";
import { hintMs } from "./hint.js";
import { isLasting } from "./lasting.js";
import { checkFetchOptions, RETRYING_FETCH_DEFAULTS, type RetryingFetchOptions } from "./options.js";

/** The options as the engine takes them: an answer is a value that is accepted, or retried and in the end handed out. */
export function fetchConfig(options: RetryingFetchOptions): RetryConfig {
  checkFetchOptions(options);
  const { fetch: _fetch, methods: _methods, statuses = RETRYING_FETCH_DEFAULTS.statuses, ...rest } = options;
  const { on = (error: unknown): boolean => isTransient(error) && !isLasting(error) } = rest;
  checkMethods(rest.clock, "clock", ["wallNowMs"], "a clock");
  const retried = new Set(statuses);
  const config = retryConfig({
    // Every value of these runs is a `Response`; the engine knows them as `unknown`.
    ...(rest as UncheckedRetryOptions),
    on,
    until: (value) => !retried.has((value as Response).status),
    onRetry: (failure, retry) => {
      try {
        return options.onRetry?.(failure as Failure<unknown, Response>, retry);
      } finally {
        if (failure.kind === "result") discard(failure.value as Response);
      }
    },
  });
  return { ...config, onGivenUp: "value", retryAfter: options.retryAfter ? config.retryAfter : withHint(config) };
}

/** Reads the headers of an answer; of an error, what the engine reads anyway. */
function withHint({ given: { clock }, retryAfter }: RetryConfig): RetryConfig["retryAfter"] {
  return (failure) =>
    failure.kind === "result"
      ? hintMs(failure.value as Response, (clock ?? defaultClock()).wallNowMs())
      : retryAfter(failure);
}
