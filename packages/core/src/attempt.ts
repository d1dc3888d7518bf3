import type { Budget } from "./budget.js";
import { type AbortListener, type Cancellation, cancellationOf, onAbort } from "./cancellation.js";
import type { Clock } from "./clock.js";
import { DeadlineError } from "./errors.js";
import type { Attempt, Failure, Operation, RunOptions } from "./outcome.js";

/** What the attempts of one run have in common. */
export interface Origin {
  readonly clock: Pick<Clock, "nowMs">;
  readonly startedMs: number;
  /** The end of the run on that clock; `undefined`: it may take any time. */
  readonly deadlineMs: number | undefined;
  /** The budget that is told of these attempts: whoever shares it further in must not tell it again. */
  readonly budget?: Budget | undefined;
  /** What an attempt is cut with at that end; left out: a DeadlineError. */
  overdue?(): unknown;
}

/** An attempt while it lives. Makes its `AbortSignal` only when somebody looks at it: a controller costs more than a call. */
export class LiveAttempt implements Attempt, Cancellation {
  aborted = false;
  reason: unknown;
  #controller: AbortController | undefined;
  /** Most attempts have one listener: for that, a set would cost more than the call. */
  #listeners: AbortListener | Set<AbortListener> | undefined;
  readonly #origin: Origin;

  constructor(
    readonly number: number,
    readonly previous: Failure | undefined,
    origin: Origin,
  ) {
    this.#origin = origin;
  }

  get deadlineMs(): number | undefined {
    return this.#origin.deadlineMs;
  }

  get budget(): Budget | undefined {
    return this.#origin.budget;
  }

  get elapsedMs(): number {
    return this.#origin.clock.nowMs() - this.#origin.startedMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  listen(listener: AbortListener): void {
    const others = this.#listeners;
    if (others instanceof Set) others.add(listener);
    else this.#listeners = others ? new Set([others, listener]) : listener;
  }

  unlisten(listener: AbortListener): void {
    if (this.#listeners instanceof Set) this.#listeners.delete(listener);
    else if (this.#listeners === listener) this.#listeners = undefined;
  }

  /** An attempt like this one that outlives it: a stream that it opened. It is aborted with it, until it is let go. */
  fork(): { attempt: LiveAttempt; release: () => void } {
    const attempt = new LiveAttempt(this.number, this.previous, this.#origin);
    return { attempt, release: onAbort(this, () => attempt.abort(this.reason)) };
  }

  /** What it is cut with at its deadline. */
  overdue(): unknown {
    return this.#origin.overdue?.() ?? new DeadlineError(this.elapsedMs, this.number);
  }

  /** Whether an error is what it was aborted with, and so none of the operation's own. */
  wasCutBy(error: unknown): boolean {
    return this.aborted && Object.is(this.reason, error);
  }

  /** Ends the attempt from outside. Only the first call counts. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const told = this.#listeners;
    this.#listeners = undefined;
    if (told instanceof Set) for (const listener of [...told]) listener.onAborted();
    else told?.onAborted();
    this.#controller?.abort(reason);
  }
}

/**
 * Lets go of whoever waits for an operation as soon as its attempt is aborted; what comes later is dropped.
 *
 * The promise's own `resolve` is the handler of the operation's: V8 follows that link when it writes an error's stack, where
 * a function of ours in between, or a race, would end the stack. So the caller's frame stays visible.
 */
export class Guard implements AbortListener {
  readonly attempt: LiveAttempt;
  // Set before anybody can be told of an abort.
  #reject!: (reason: unknown) => void;

  constructor(attempt: LiveAttempt) {
    this.attempt = attempt;
  }

  /** The value of the operation, or a rejection with the attempt's reason. */
  run<T>(operation: Operation<T>): Promise<T> {
    const { attempt } = this;
    let settle!: (value: T | PromiseLike<T>) => void;
    const answer = new Promise<T>((resolve, reject) => {
      settle = resolve;
      this.#reject = reject;
    });
    if (attempt.aborted) {
      this.onAborted();
      return answer;
    }
    attempt.listen(this);
    // Not called in there: each frame of ours in the stack of an error may be one of the caller's less.
    try {
      Promise.resolve(operation(attempt)).then(settle, this.#reject);
    } catch (error) {
      this.#reject(error);
    }
    return answer;
  }

  end(): void {
    this.attempt.unlisten(this);
  }

  onAborted(): void {
    this.#reject(this.attempt.reason);
  }
}

/** The operation's value under a {@link Guard}. */
export function guarded<T>(attempt: LiveAttempt, operation: Operation<T>): Promise<T> {
  const guard = new Guard(attempt);
  return guard.run(operation).then(
    (value) => {
      guard.end();
      return value;
    },
    (error: unknown) => {
      guard.end();
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
  if ("listen" in options) return options as Cancellation;
  return options.signal && cancellationOf(options.signal);
}
