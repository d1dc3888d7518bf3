import { guarded, LiveAttempt } from "./attempt.js";
import { cancellationOf, onAbort } from "./cancellation.js";
import { type Clock, startTimer } from "./clock.js";
import type { RunOptions } from "./outcome.js";

/**
 * One run's way through a policy that makes no attempts of its own: the attempt that it hands on, within the run's bounds.
 * Under another policy that is the very attempt it was handed; whoever made it holds its bounds.
 */
export class Passage {
  readonly attempt: LiveAttempt;
  /** Nothing can end it, or whoever made the attempt and whoever is called with it both end at once when it is cut. */
  readonly isFree: boolean;
  readonly #isBound: boolean;
  readonly #leave: readonly (() => void)[] | undefined;

  /** @param isPrompt What is called ends as soon as its attempt is cut: it is a policy. */
  constructor(options: RunOptions | undefined, clock: Clock, isPrompt = false) {
    if (options instanceof LiveAttempt) {
      this.attempt = options;
      this.#isBound = true;
      this.isFree = isPrompt;
      return;
    }
    const { signal, deadlineMs } = options ?? {};
    const attempt = new LiveAttempt(1, undefined, { clock, startedMs: clock.nowMs(), deadlineMs });
    this.attempt = attempt;
    this.#isBound = signal !== undefined || deadlineMs !== undefined;
    this.isFree = !this.#isBound;
    if (this.#isBound) this.#leave = bind(attempt, signal, clock);
  }

  /** Starts a step and waits for it, but no longer than the run may last: then it rejects with the attempt's reason, at once. */
  step<T>(start: () => T | PromiseLike<T>): T | PromiseLike<T> {
    return this.#isBound ? guarded(this.attempt, start) : start();
  }

  /** Lets go of the signal and the timer. */
  end(): void {
    if (this.#leave) for (const leave of this.#leave) leave();
  }
}

/** Ends the attempt when the signal aborts or its deadline comes. */
function bind(attempt: LiveAttempt, signal: AbortSignal | undefined, clock: Clock): readonly (() => void)[] {
  const { deadlineMs = Number.POSITIVE_INFINITY } = attempt;
  const cut = (): void => attempt.abort(attempt.overdue());
  if (signal?.aborted) attempt.abort(signal.reason);
  else if (clock.nowMs() >= deadlineMs) cut();
  if (attempt.aborted) return [];
  const leave = [startTimer(clock, deadlineMs, cut)];
  if (signal) leave.push(onAbort(cancellationOf(signal), () => attempt.abort(signal.reason)));
  return leave;
}
