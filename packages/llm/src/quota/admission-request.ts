import type { AcquireOptions, Attempt } from "bide";
import { type AbortListener, type Cancellation, cancellationIn } from "bide/kit";

/** What an attempt asks its quota with. It is cut with the attempt, without a signal having to be made for that. */
export class AdmissionRequest implements AcquireOptions, Cancellation {
  readonly deadlineMs: number | undefined;
  readonly #attempt: Attempt;
  readonly #outer: Cancellation | undefined;

  constructor(
    attempt: Attempt,
    readonly priority: number,
    readonly isAgain: boolean,
  ) {
    this.deadlineMs = attempt.deadlineMs;
    this.#attempt = attempt;
    this.#outer = cancellationIn(attempt);
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get aborted(): boolean {
    return this.#outer?.aborted === true;
  }

  get reason(): unknown {
    return this.#outer?.reason;
  }

  listen(listener: AbortListener): void {
    this.#outer?.listen(listener);
  }

  unlisten(listener: AbortListener): void {
    this.#outer?.unlisten(listener);
  }
}
