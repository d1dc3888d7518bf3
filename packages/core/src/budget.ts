import type { Failure } from "./outcome.js";

/**
 * What a client may spend on calls beyond the first ones. Retry and hedge meet here: both are handed the same value.
 * A budget never makes anybody wait: a caller who waits for tokens stops producing the successes that refill them.
 */
export interface Budget {
  /** A run makes its first call. */
  started?(): void;
  /** A call succeeded; `extra` says that it was a retry or a hedge, `previous` the failure before a retry. */
  deposit(extra: boolean, previous?: Failure): void;
  /** A call failed in a way that may be retried, whether or not it will be. */
  failed?(failure: Failure): void;
  /**
   * Whether one more call beyond the first may be made; takes what it costs when it may. Asked before the wait.
   *
   * @param failure The failure that is to be retried; none for a hedge.
   */
  withdraw(failure?: Failure): boolean | PromiseLike<boolean>;
}
