export { type BlockingClock, BlockingNotAllowedError, blockingClock } from "./sync/blocking-clock.js";
export { type OnExceptionSyncOptions, onExceptionSync, type SyncBackoffOptions } from "./sync/on-exception-sync.js";
export { onPredicateSync } from "./sync/on-predicate-sync.js";
export type { SyncOn, SyncRetryOptions } from "./sync/options.js";
export type { SyncPolicy, WrappedSync } from "./sync/policy.js";
export { type RetrySync, retrySync, type SyncRetryPolicy } from "./sync/retry-sync.js";
