/** An attempt that threw or rejected. */
export interface ErrorFailure<E = unknown> {
  readonly kind: "error";
  /** The very object that the operation threw. */
  readonly error: E;
  readonly value?: undefined;
  /** The number of the attempt, from 1. */
  readonly attempt: number;
  /** Milliseconds from the start of the run to the end of this attempt. */
  readonly elapsedMs: number;
}

/** An attempt that returned a value which `until` or `while` rejected. */
export interface ResultFailure<V = unknown> {
  readonly kind: "result";
  readonly error?: undefined;
  readonly value: V;
  /** The number of the attempt, from 1. */
  readonly attempt: number;
  /** Milliseconds from the start of the run to the end of this attempt. */
  readonly elapsedMs: number;
}

/** How one attempt failed. */
export type Failure<E = unknown, V = unknown> = ErrorFailure<E> | ResultFailure<V>;

/** Why a run ended. */
export type Reason =
  | "success"
  | "max-attempts"
  | "max-time"
  | "deadline"
  | "not-retryable"
  | "schedule-exhausted"
  | "budget-exhausted"
  | "hint-exceeds-deadline"
  | "aborted";

interface Ended {
  /** Calls made in all, the first one included; summed over the policies of a composition that retry. */
  readonly attempts: number;
  /** Every wait between attempts, in order, in milliseconds. */
  readonly waitsMs: readonly number[];
  readonly elapsedMs: number;
}

/** A run that ended with a value. */
export interface Success<T> extends Ended {
  readonly ok: true;
  readonly value: T;
  readonly reason: "success";
}

/** A run that ended without one. */
export interface GivenUp extends Ended {
  readonly ok: false;
  /** What `run` would have thrown. */
  readonly error: unknown;
  /** The last failure; absent when no attempt was made. */
  readonly failure?: Failure;
  readonly reason: Exclude<Reason, "success">;
  /** With `hint-exceeds-deadline`: the wait, in milliseconds, that the server asked for. */
  readonly retryAfterMs?: number;
}

/** How a run ended, as a value. */
export type Outcome<T> = Success<T> | GivenUp;

/** The bounds of one run. An {@link Attempt} is a valid one, so that a nested run inherits signal and deadline. */
export interface RunOptions {
  /** Ends the run at once, with `signal.reason`; never retried. */
  readonly signal?: AbortSignal | undefined;
  /** The absolute end of the run, in milliseconds on the policy's clock (`clock.nowMs()`). */
  readonly deadlineMs?: number | undefined;
}

/** What an operation may know of the attempt that it is. Do not spread it: `signal` is a getter that makes itself on demand. */
export interface Attempt extends RunOptions {
  /** From 1. */
  readonly number: number;
  /** Aborts when the caller aborts, the deadline comes or the attempt's own time is over. */
  readonly signal: AbortSignal;
  /** Milliseconds since the run began. */
  readonly elapsedMs: number;
  /** How the attempt before this one failed. */
  readonly previous?: Failure | undefined;
}

/** A piece of work that may be started again. */
export type Operation<T> = (attempt: Attempt) => T | PromiseLike<T>;

/** What is written down while a run goes on, for its {@link Outcome}. */
export interface Trace {
  attempts: number;
  readonly waitsMs: number[];
  reason?: Exclude<Reason, "success">;
  failure?: Failure;
  retryAfterMs?: number;
}
