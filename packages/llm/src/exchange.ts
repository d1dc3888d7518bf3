import type { Clock } from "bide";
import { startTimer } from "bide/kit";
import { RequestTimeoutError, type WaitedFor } from "./errors.js";

/** One request on the wire: what can cut it, and everything that must be let go when it is over. */
export class Exchange {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  #releases: (() => void)[] = [];
  /** Who waits here for something that may be cut. A listener of the signal costs several times as much. */
  readonly #cuts = new Set<() => void>();
  #stopPhase: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Is cut when `signal` is, with its reason. Returns what ends that. */
  follow(signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return nothing;
    const cut = (): void => this.cut(signal.reason);
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    const release = (): void => signal.removeEventListener("abort", cut);
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
    this.#controller.abort(reason);
    const waiting = [...this.#cuts];
    this.#cuts.clear();
    for (const tell of waiting) tell();
  }

  /** The promise; or a rejection as soon as it is cut, whether the one who was asked listens to signals or not. */
  orCut<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const cut = (): void => reject(signal.reason);
      if (signal.aborted) return cut();
      this.#cuts.add(cut);
      const over = (): boolean => this.#cuts.delete(cut);
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
    return startTimer(this.#clock, this.#clock.nowMs() + timeoutMs, () => {
      this.cut(new RequestTimeoutError(waitedFor, timeoutMs));
    });
  }
}

function nothing(): void {}
