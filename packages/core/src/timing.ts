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
  /** Its own time is over before that of the attempt around it. */
  readonly #isOwn: boolean;
  #timer: Armed;
  // Set before anything can cut the call.
  #reject!: (reason: unknown) => void;

  constructor(outer: LiveAttempt, timing: Timing) {
    this.clock = timing.clock();
    this.startedMs = this.clock.nowMs();
    const ownEndMs = this.startedMs + timing.timeoutMs;
    const { deadlineMs: outerEndMs = Number.POSITIVE_INFINITY } = outer;
    const endMs = Math.min(ownEndMs, outerEndMs);
    this.deadlineMs = endMs === Number.POSITIVE_INFINITY ? undefined : endMs;
    this.#isOwn = ownEndMs <= outerEndMs;
    this.#outer = outer;
    this.#timing = timing;
    this.attempt = new LiveAttempt(outer.number, outer.previous, this);
  }

  get budget(): Budget | undefined {
    return this.#outer.budget;
  }

  /** Starts the call. What it does after it was cut is not heard. */
  run<T>(operation: Operation<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      const { deadlineMs = Number.POSITIVE_INFINITY } = this;
      if (this.startedMs >= deadlineMs) return this.#cut(new DeadlineError(0, 0));
      this.#outer.listen(this);
      // An earlier end is seen to by whoever made the attempt around it.
      if (this.#isOwn) this.#timer = arm(this.clock, deadlineMs, this);
      Promise.resolve(operation(this.attempt)).then(resolve, reject);
    });
  }

  end(): void {
    disarm(this.#timer);
    this.#outer.unlisten(this);
  }

  onAborted(): void {
    this.#cut(this.#outer.reason);
  }

  onTime(): void {
    this.#cut(this.#timing.overdue());
  }

  #cut(reason: unknown): void {
    this.attempt.abort(reason);
    this.#reject(reason);
  }
}
