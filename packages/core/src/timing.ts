import { LiveAttempt, type Origin } from "./attempt.js";
import type { Budget } from "./budget.js";
import type { AbortListener } from "./cancellation.js";
import { type Alarmed, type Armed, arm, type Clock, disarm } from "./clock.js";
import { DeadlineError } from "./errors.js";
import type { Operation } from "./outcome.js";

/** How long calls may take. */
export interface Timing {
  readonly timeoutMs: number;
  clock(): Clock;
  /** Tells that a call has taken too long, and makes the error that it is cut with. */
  overdue(): unknown;
}

/** A call that is cut after a time of its own, or when the attempt around it is. */
export class TimedCall implements Origin, AbortListener, Alarmed {
  readonly clock: Clock;
  readonly startedMs: number;
  readonly deadlineMs: number | undefined;
  readonly attempt: LiveAttempt;
  readonly #outer: LiveAttempt;
  readonly #timing: Timing;
  #timer: Armed;
  // Set before anything can cut the call.
  #reject!: (reason: unknown) => void;

  constructor(outer: LiveAttempt, timing: Timing) {
    this.clock = timing.clock();
    this.startedMs = this.clock.nowMs();
    const endMs = Math.min(this.startedMs + timing.timeoutMs, outer.deadlineMs ?? Number.POSITIVE_INFINITY);
    this.deadlineMs = endMs === Number.POSITIVE_INFINITY ? undefined : endMs;
    this.#outer = outer;
    this.#timing = timing;
    this.attempt = new LiveAttempt(outer.number, outer.previous, this);
  }

  get budget(): Budget | undefined {
    return this.#outer.budget;
  }

  /** Starts the call. What it does after it was cut is not heard. */
  run<T>(operation: Operation<T>): Promise<T> {
    let settle!: (value: T | PromiseLike<T>) => void;
    const answer = new Promise<T>((resolve, reject) => {
      settle = resolve;
      this.#reject = reject;
    });
    const { deadlineMs = Number.POSITIVE_INFINITY } = this;
    if (this.startedMs >= deadlineMs) {
      this.#cut(new DeadlineError(0, 0));
      return answer;
    }
    this.#outer.listen(this);
    // Also for the end of the attempt around it: the run that saw to that may be over, and the call go on.
    this.#timer = arm(this.clock, deadlineMs, this);
    // Not called in there: each frame of ours in the stack of an error may be one of the caller's less.
    try {
      Promise.resolve(operation(this.attempt)).then(settle, this.#reject);
    } catch (error) {
      this.#reject(error);
    }
    return answer;
  }

  end(): void {
    disarm(this.#timer);
    this.#outer.unlisten(this);
  }

  onAborted(): void {
    this.#cut(this.#outer.reason);
  }

  onTime(): void {
    this.#cut(this.overdue());
  }

  /** Also for a stream that the call has opened, and that is under way yet. */
  overdue(): unknown {
    const isOwn = this.deadlineMs !== this.#outer.deadlineMs;
    return isOwn ? this.#timing.overdue() : this.#outer.overdue();
  }

  #cut(reason: unknown): void {
    this.attempt.abort(reason);
    this.#reject(reason);
  }
}
