import type { Clock } from "bide";
import { type Cancellation, onAbort, startTimer } from "bide/kit";
import { Cut } from "./cut.js";
import { RequestTimeoutError, type WaitedFor } from "./errors.js";

/** One request on the wire: what can cut it, and everything that must be let go when it is over. */
export class Exchange {
  /** What cuts it. */
  readonly end: Cut = new Cut();
  readonly #clock: Clock;
  #releases: (() => void)[] = [];
  #stopPhase: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    return this.end.signal;
  }

  /** Is cut when `outer` is, with its reason. Returns what ends that. */
  follow(outer: Cancellation | undefined): () => void {
    if (outer === undefined) return nothing;
    const cut = (): void => this.cut(outer.reason);
    if (outer.aborted) cut();
    const release = onAbort(outer, cut);
    this.#releases.push(release);
    return release;
  }

  /** Is cut after so long, until it is over or the function that is returned was called. */
  within(timeoutMs: number, waitedFor: WaitedFor): () => void {
    const stop = this.#timer(timeoutMs, waitedFor);
    this.#releases.push(stop);
    return stop;
  }

  /** Is cut at this moment of the clock. */
  until(atMs: number | undefined, error: () => unknown): void {
    if (atMs === undefined) return;
    this.#releases.push(startTimer(this.#clock, atMs, () => this.cut(error())));
  }

  /** Begins the next phase and so ends the one before. */
  phase(timeoutMs: number, waitedFor: WaitedFor): void {
    this.#stopPhase?.();
    this.#stopPhase = this.#timer(timeoutMs, waitedFor);
  }

  cut(reason: unknown): void {
    this.end.abort(reason);
  }

  /** The promise; or a rejection as soon as it is cut, whether the one who was asked listens to signals or not. */
  orCut<T>(promise: Promise<T>): Promise<T> {
    const { end } = this;
    return new Promise((resolve, reject) => {
      const cut = (): void => reject(end.reason);
      if (end.aborted) return cut();
      const over = onAbort(end, cut);
      promise.then(resolve, reject);
      promise.then(over, over);
    });
  }

  /** Lets go of every timer and listener. */
  release(): void {
    this.#stopPhase?.();
    this.#stopPhase = undefined;
    for (const release of this.#releases) release();
    this.#releases = [];
  }

  #timer(timeoutMs: number, waitedFor: WaitedFor): () => void {
    if (timeoutMs === Number.POSITIVE_INFINITY) return nothing;
    return startTimer(this.#clock, this.#clock.nowMs() + timeoutMs, () => {
      this.cut(new RequestTimeoutError(waitedFor, timeoutMs));
    });
  }
}

function nothing(): void {}
