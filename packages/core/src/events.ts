import { checkCallable } from "./options.js";
import type { Failure, Reason } from "./outcome.js";

interface Base {
  /** The `name` option of the policy that speaks. */
  readonly name: string | undefined;
}

/** An attempt of a retry begins. */
export interface AttemptStarted extends Base {
  readonly type: "attempt-started";
  readonly attempt: number;
}

/** An attempt threw, rejected, or returned what was not accepted. */
export interface AttemptFailed extends Base {
  readonly type: "attempt-failed";
  readonly attempt: number;
  readonly failure: Failure;
  readonly elapsedMs: number;
}

/** Another attempt will be made after a wait. */
export interface RetryScheduled extends Base {
  readonly type: "retry-scheduled";
  /** The attempt that failed. */
  readonly attempt: number;
  readonly failure: Failure;
  readonly delayMs: number;
  readonly elapsedMs: number;
}

/** A run ended with a value. */
export interface RunSucceeded extends Base {
  readonly type: "run-succeeded";
  readonly attempts: number;
  readonly elapsedMs: number;
}

/** A run ended without one. */
export interface RunGaveUp extends Base {
  readonly type: "run-gave-up";
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly reason: Exclude<Reason, "success">;
  readonly failure: Failure | undefined;
  /** With `hint-exceeds-deadline`: the wait that the server asked for. */
  readonly retryAfterMs?: number | undefined;
}

/** A hook that only looks on threw or rejected. The run went on as if it had not. */
export interface HookFailed extends Base {
  readonly type: "hook-failed";
  readonly hook: string;
  readonly error: unknown;
}

/** A budget refuses a retry or a hedge, and granted the one before. */
export interface BudgetExhausted extends Base {
  readonly type: "budget-exhausted";
  readonly tokens: number;
  readonly capacity: number;
}

/** A call was cut by `timeout`. */
export interface CallTimedOut extends Base {
  readonly type: "call-timed-out";
  readonly timeoutMs: number;
}

/** A call waits for a place under a concurrency limit. */
export interface CallQueued extends Base {
  readonly type: "call-queued";
  /** Calls that wait, this one included. */
  readonly queued: number;
  readonly inFlight: number;
  readonly limit: number;
}

/** A policy did not let a call through: it was not made. */
export interface CallRefused extends Base {
  readonly type: "call-refused";
  readonly policy: "circuit-breaker" | "concurrency-limit" | "rate-limit";
  readonly retryAfterMs?: number | undefined;
}

interface CircuitChanged extends Base {
  /** Calls and failures that were counted when it changed. */
  readonly calls: number;
  readonly failures: number;
}

/** A circuit opened: calls are refused for a while. */
export interface CircuitOpened extends CircuitChanged {
  readonly type: "circuit-opened";
  /** Milliseconds until the next probe. */
  readonly retryAfterMs: number;
}

/** The time of an open circuit is over: probes are let through. */
export interface CircuitHalfOpened extends CircuitChanged {
  readonly type: "circuit-half-opened";
}

/** A circuit closed: calls go through. */
export interface CircuitClosed extends CircuitChanged {
  readonly type: "circuit-closed";
}

/** A circuit is held open by hand. */
export interface CircuitIsolated extends CircuitChanged {
  readonly type: "circuit-isolated";
}

/** The store of a policy failed. A circuit breaker let the call through; a rate limit passed the error on to who asked. */
export interface StoreFailed extends Base {
  readonly type: "store-failed";
  readonly policy: "circuit-breaker" | "rate-limit";
  readonly error: unknown;
}

/** An adaptive limit moved by a whole call. */
export interface LimitChanged extends Base {
  readonly type: "limit-changed";
  readonly limit: number;
  readonly previousLimit: number;
  readonly cause: "success" | "overload";
}

/** A request waits for its admission under a rate limit. */
export interface AdmissionQueued extends Base {
  readonly type: "admission-queued";
  readonly cost: Readonly<Record<string, number>>;
  readonly priority: number;
  /** Requests that wait, this one included. */
  readonly queueLength: number;
  /** Milliseconds until the first of them may go. */
  readonly nextAdmissionMs: number;
  /** What that one waits for: a currency, or `"pause"`. */
  readonly binds: string | undefined;
}

/** A rate limit let a request go. */
export interface AdmissionGranted extends Base {
  readonly type: "admission-granted";
  readonly cost: Readonly<Record<string, number>>;
  readonly waitedMs: number;
  /** Requests that still wait. */
  readonly queueLength: number;
}

/** A rate limit lets nobody go for a while. */
export interface LimiterPaused extends Base {
  readonly type: "limiter-paused";
  readonly durationMs: number;
}

interface LimiterTold extends Base {
  /** The buckets after it. */
  readonly currencies: Readonly<
    Record<string, { readonly level: number; readonly limit: number; readonly perMs: number; readonly burst: number }>
  >;
}

/** A rate limit heard from the server what is left. */
export interface LimiterSynced extends LimiterTold {
  readonly type: "limiter-synced";
}

/** A rate limit was given other limits. */
export interface LimiterUpdated extends LimiterTold {
  readonly type: "limiter-updated";
}

/** A fallback answered in place of a failure. */
export interface FallbackUsed extends Base {
  readonly type: "fallback-used";
  readonly failure: Failure;
}

/** A second call was made beside one that is slow. */
export interface HedgeStarted extends Base {
  readonly type: "hedge-started";
  /** The number of the call: 2 for the first hedge. */
  readonly attempt: number;
  readonly elapsedMs: number;
}

/** A hedge was due and not made: the extra load, or the shared budget, is spent. */
export interface HedgeRefused extends Base {
  readonly type: "hedge-refused";
  readonly by: "load" | "budget";
  readonly elapsedMs: number;
}

/** A hedge answered before the calls that began earlier. */
export interface HedgeWon extends Base {
  readonly type: "hedge-won";
  readonly attempt: number;
  readonly elapsedMs: number;
}

/**
 * What policies tell. No event carries an argument, a result that was accepted, or a header;
 * `failure` holds the caller's own error object, for listeners in the same program.
 */
export type PolicyEvent =
  | AttemptStarted
  | AttemptFailed
  | RetryScheduled
  | RunSucceeded
  | RunGaveUp
  | HookFailed
  | BudgetExhausted
  | CallTimedOut
  | CallQueued
  | CallRefused
  | CircuitOpened
  | CircuitHalfOpened
  | CircuitClosed
  | CircuitIsolated
  | StoreFailed
  | LimitChanged
  | AdmissionQueued
  | AdmissionGranted
  | LimiterPaused
  | LimiterSynced
  | LimiterUpdated
  | FallbackUsed
  | HedgeStarted
  | HedgeRefused
  | HedgeWon;

/** Hears events. What it throws, or how long it takes to settle, changes no outcome. */
export type Listener = (event: PolicyEvent) => void;

const listeners = new Set<Listener>();

/**
 * Hears the events of every policy of this process, in order.
 *
 * @returns Stops listening.
 * @throws OptionError for what is no function.
 */
export function observe(listener: Listener): () => void {
  checkCallable(listener, "listener");
  const entry: Listener = (event) => listener(event);
  listeners.add(entry);
  return () => {
    listeners.delete(entry);
  };
}

/** Whether anybody listens; asked before an event is built, so that silence costs nothing. */
export function isObserved(): boolean {
  return listeners.size > 0;
}

/** Tells every listener. */
export function emit(event: PolicyEvent): void {
  // Of a copy: who begins to listen while others are told hears of what comes after; who stops hears nothing more.
  for (const listener of [...listeners]) {
    if (!listeners.has(listener)) continue;
    try {
      // A listener may be an async function; its rejection is as little ours as its throw.
      const returned: unknown = listener(event);
      if (returned instanceof Promise) returned.catch(ignore);
    } catch {
      // A listener that throws changes nothing, and there is nobody else to tell.
    }
  }
}

function ignore(): void {}
