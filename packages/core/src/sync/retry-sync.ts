import { checkObject } from "../options.js";
import type { Attempt, RunOptions } from "../outcome.js";
import { checkWrappable } from "../wraps.js";
import { blockingClockOf } from "./blocking-clock.js";
import { type SyncOn, type SyncRetryOptionsOn, syncConfig, type UncheckedSyncOptions } from "./options.js";
import { makeSyncPolicy, type SyncPolicy } from "./policy.js";

/** A policy that retries and blocks; a value without state, to be shared freely. */
export interface SyncRetryPolicy<in In = unknown, out Extra = never> extends SyncPolicy<In, Extra> {
  /** Another policy, with these options in place of this one's. */
  with<const O extends SyncOn = SyncOn, V extends In = In>(
    options: SyncRetryOptionsOn<O, V>,
  ): SyncRetryPolicy<V, Extra>;
}

type Deadline = Pick<RunOptions, "deadlineMs">;

/** An object that is no function. */
interface NoFunction {
  readonly [Symbol.hasInstance]?: undefined;
}

/** See {@link retrySync}. */
export interface RetrySync {
  /** A policy: a wrapper, a decorator, and the ways to run. */
  <const O extends SyncOn = SyncOn, V = unknown>(options?: SyncRetryOptionsOn<O, V> & NoFunction): SyncRetryPolicy<V>;
  /** Runs `operation` now, and again while its failures are transient: with safe defaults, or with these options. */
  <T, const O extends SyncOn = SyncOn>(
    operation: (attempt: Attempt) => T,
    options?: SyncRetryOptionsOn<O, T> & Deadline,
  ): T;
}

/**
 * The blocking twin of `retry`, for scripts: same options, same defaults, same decisions, and it returns the value itself.
 * Nothing can cut a call that blocks: a `deadline` bounds the waits, and there is no `attemptTimeout`.
 *
 * @throws OptionError for an option that is unknown or out of range, when the policy is made.
 * @throws BlockingNotAllowedError where this thread may not block, when the policy is made.
 */
export const retrySync: RetrySync = {
  retrySync(
    first: ((attempt: Attempt) => unknown) | UncheckedSyncOptions = {},
    options: UncheckedSyncOptions & Deadline = {},
  ): unknown {
    if (typeof first !== "function") return retryPolicy(first);
    checkWrappable(first);
    checkObject(options, "retrySync");
    const { deadlineMs, ...rest } = options;
    return retryPolicy(rest).run(first, { deadlineMs });
  },
}.retrySync as unknown as RetrySync;

function retryPolicy(options: UncheckedSyncOptions): SyncRetryPolicy {
  const policy = makeSyncPolicy(syncConfig(options), blockingClockOf(options.clock));
  const others = {
    with: (more: UncheckedSyncOptions) => {
      // What is spread is an object afterwards, whatever it was.
      syncConfig(more);
      return retryPolicy({ ...options, ...more });
    },
  };
  return Object.assign(policy, others) as unknown as SyncRetryPolicy;
}
