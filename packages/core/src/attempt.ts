import type { Budget } from "./budget.js";
import { type Cancellation, cancellationOf } from "./cancellation.js";
import type { Clock } from "./clock.js";
import type { Attempt, Failure, Operation, RunOptions } from "./outcome.js";

/** An attempt while it lives. Makes its `AbortSignal` only when somebody looks at it: a controller costs more than a call. */
export class LiveAttempt implements Attempt, Cancellation {
  aborted = false;
  reason: unknown;
  /** The budget that an outer policy tells of this call: whoever shares it must not tell it again. */
  budget: Budget | undefined;
  #controller: AbortController | undefined;
  /** Most attempts have one listener: for that, a set would cost more than the call. */
  #listener: (() => void) | undefined;
  #others: Set<() => void> | undefined;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #startedMs: number;

  constructor(
    readonly number: number,
    readonly previous: Failure | undefined,
    readonly deadlineMs: number | undefined,
    clock: Pick<Clock, "nowMs">,
    startedMs: number,
  ) {
    this.#clock = clock;
    this.#startedMs = startedMs;
  }

  get elapsedMs(): number {
    return this.#clock.nowMs() - this.#startedMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  onAbort(listener: () => void): () => void {
    if (this.#listener) {
      this.#others ??= new Set();
      this.#others.add(listener);
    } else this.#listener = listener;
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
      else this.#others?.delete(listener);
    };
  }

  /** An attempt like this one that outlives it: a stream that it opened. It is aborted with it, until it is let go. */
  fork(): { attempt: LiveAttempt; release: () => void } {
    const attempt = new LiveAttempt(this.number, this.previous, this.deadlineMs, this.#clock, this.#startedMs);
    attempt.budget = this.budget;
    return { attempt, release: this.onAbort(() => attempt.abort(this.reason)) };
  }

  /** Whether an error is what it was aborted with, and so none of the operation's own. */
  wasCutBy(error: unknown): boolean {
    return this.aborted && this.reason === error;
  }

  /** Ends the attempt from outside. Only the first call counts. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = [this.#listener, ...(this.#others ?? [])];
    this.#listener = this.#others = undefined;
    for (const listener of listeners) listener?.();
    this.#controller?.abort(reason);
  }
}

/**
 * The value of `start`, or a rejection with the attempt's reason as soon as it is aborted; what comes later is dropped.
 * Then, in either case, `leave` is called.
 *
 * The promise's own `resolve` is the handler of the operation's: V8 follows that link when it writes an error's stack, where
 * a function of ours in between, or a race, would end the stack. So the caller's frame stays visible.
 */
export function guarded<T>(attempt: LiveAttempt, start: () => T | PromiseLike<T>, leave?: () => void): Promise<T> {
  let release: (() => void) | undefined;
  const left = (): void => {
    release?.();
    leave?.();
  };
  const promise = new Promise<T>((resolve, reject) => {
    if (attempt.aborted) return reject(attempt.reason);
    release = attempt.onAbort(() => reject(attempt.reason));
    Promise.resolve(start()).then(resolve, reject);
  });
  return promise.then(
    (value) => {
      left();
      return value;
    },
    (error: unknown) => {
      left();
      throw error;
    },
  );
}

/** The operation's promise, whatever it is made of: what it throws at once is a rejection too. */
export function started<T>(operation: Operation<T>, attempt: LiveAttempt): Promise<T> {
  try {
    return Promise.resolve(operation(attempt));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What can end a run with these options from outside: they themselves, or their signal; `undefined` when nothing can. */
export function cancellationIn(options: RunOptions | undefined): Cancellation | undefined {
  if (options === undefined) return undefined;
  if ("onAbort" in options) return options as Cancellation;
  return options.signal && cancellationOf(options.signal);
}
