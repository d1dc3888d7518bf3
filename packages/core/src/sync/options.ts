import type { Duration } from "../duration.js";
import type { ErrorClass } from "../error-class.js";
import { OptionError } from "../errors.js";
import { checkKeys, checkObject } from "../options.js";
import type { Attempt } from "../outcome.js";
import { RETRY_KEYS, type RetryConfig, retryConfig } from "../retry/config.js";
import type { ErrorOf, RetryBounds, RetryRule, UncheckedRetryOptions } from "../retry/options.js";
import type { BlockingClock } from "./blocking-clock.js";

/** Which errors are retried: a class, classes, a guard that narrows, or a function that answers at once. */
export type SyncOn<E = unknown> =
  | ErrorClass<E>
  | readonly ErrorClass<E>[]
  | ((error: unknown, attempt: Attempt) => error is E)
  | ((error: unknown, attempt: Attempt) => boolean | Duration | "stop");

/** Which results are accepted: one judge at most. */
export type SyncResultJudge<V = unknown> =
  | { readonly until?: ((value: V) => boolean) | undefined; readonly while?: undefined }
  | { readonly until?: undefined; readonly while?: ((value: V) => boolean) | undefined };

/** Options of `retrySync`, for what its `on` means: those of `retry`, without what only waiting code can do. */
export type SyncRetryOptionsOn<O, V = unknown> = RetryRule<O> &
  Omit<RetryBounds<ErrorOf<O>, V>, "attemptTimeout" | "clock" | "rules"> &
  SyncResultJudge<V> & {
    /** As for `retry`; what they answer, they answer at once. */
    readonly rules?: readonly RetryRule<SyncOn>[] | undefined;
    /** @default the clock of the host, whose waits block this thread */
    readonly clock?: BlockingClock | undefined;
  };

/** Options of `retrySync`: for errors `E` and results `V`. */
export type SyncRetryOptions<E = unknown, V = unknown> = SyncRetryOptionsOn<SyncOn<E>, V>;

/** Options as they come from outside TypeScript. */
export interface UncheckedSyncOptions extends Omit<UncheckedRetryOptions, "clock"> {
  readonly clock?: BlockingClock | undefined;
}

const KEYS = RETRY_KEYS.filter((key) => key !== "attemptTimeout");

/** @throws OptionError for an option that is unknown, out of range, excluded by another, or needs an event loop. */
export function syncConfig(options: UncheckedSyncOptions): RetryConfig {
  checkObject(options, "retrySync");
  if (options.attemptTimeout !== undefined) {
    throw new OptionError("attemptTimeout", "`attemptTimeout` needs a call that can be cut; one that blocks cannot be");
  }
  checkKeys(options, KEYS, "retrySync");
  return retryConfig({ ...options, clock: undefined });
}
