import { type Cancellation, cancellationOf } from "./cancellation.js";
import { type Timer, TimerQueue } from "./timer-queue.js";

/** Time as a value that is handed in, so that a test can be its own time. */
export interface Clock {
  /** Milliseconds on a scale that only grows. Its zero means nothing; differences are elapsed time. */
  nowMs(): number;
  /** Milliseconds since 1970 by the wall clock: for HTTP dates, journals and shared stores, never for elapsed time. */
  wallNowMs(): number;
  /** Resolves after `ms` milliseconds, never earlier; rejects with `signal.reason` as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls back once when `nowMs()` has reached `atMs`, unless the function that it returns was called before.
   * Optional: policies fall back to `sleep` on a clock that has none.
   */
  timer?(atMs: number, callback: () => void): () => void;
}

/** The longest delay that `setTimeout` keeps; above it, hosts fire at once. */
const LONGEST_HOST_DELAY_MS = 2 ** 31 - 1;

/** What `setTimeout` returns: in Node an object that can let the process go, in a browser a number. */
type HostTimer = (number | object) & { ref?(): unknown; unref?(): unknown };

/** The clock of this process. All its waits share one host timer. */
class SystemClock implements Clock {
  readonly #queue = new TimerQueue();
  #host: HostTimer | undefined;
  #armedBy: unknown;
  #hostDueMs = Number.POSITIVE_INFINITY;

  nowMs(): number {
    return performance.now();
  }

  wallNowMs(): number {
    return Date.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal && cancellationOf(signal));
  }

  timer(atMs: number, callback: () => void): () => void {
    const timer = this.#queue.add(atMs, callback);
    // Fake timers come and go under a test: a host timer of another `setTimeout` may never fire.
    if (timer.index === 0 || this.#armedBy !== setTimeout) this.#wake();
    return () => this.#cancel(timer);
  }

  #cancel(timer: Timer): void {
    this.#queue.remove(timer);
    if (this.#queue.size === 0) this.#rest();
  }

  /** Nothing waits. A host timer that holds no process is cheaper kept, for the next one, than cleared. */
  #rest(): void {
    if (this.#host?.unref) this.#host.unref();
    else this.#disarm();
  }

  #wake(): void {
    const { dueMs } = this.#queue.first as Timer;
    if (dueMs < this.#hostDueMs || this.#armedBy !== setTimeout) this.#arm(dueMs);
    else this.#host?.ref?.();
  }

  #arm(dueMs: number): void {
    this.#disarm();
    this.#hostDueMs = dueMs;
    this.#armedBy = setTimeout;
    const delayMs = Math.min(Math.max(0, Math.ceil(dueMs - this.nowMs())), LONGEST_HOST_DELAY_MS);
    this.#host = setTimeout(() => this.#run(), delayMs) as HostTimer;
  }

  #disarm(): void {
    clearTimeout(this.#host as number | undefined);
    this.#host = undefined;
    this.#hostDueMs = Number.POSITIVE_INFINITY;
  }

  #run(): void {
    this.#hostDueMs = Number.POSITIVE_INFINITY;
    const nowMs = this.nowMs();
    try {
      for (let timer = this.#queue.first; timer && timer.dueMs <= nowMs; timer = this.#queue.first) {
        this.#queue.remove(timer);
        timer.fire();
      }
    } finally {
      const next = this.#queue.first;
      if (next && next.dueMs < this.#hostDueMs) this.#arm(next.dueMs);
    }
  }
}

/** The host's own time: `performance.now`, `Date.now`, and one `setTimeout` for all waits. */
export const systemClock: Clock = new SystemClock();

let current = systemClock;

/** The clock of every policy that was given none. */
export function defaultClock(): Clock {
  return current;
}

/** Puts another default clock in place and returns the one it replaces. `withClock` in `bide/testing` is the tidy way to it. */
export function replaceDefaultClock(clock: Clock): Clock {
  const replaced = current;
  current = clock;
  return replaced;
}

/** Calls back at `atMs` on any clock; returns what takes it back. `Infinity` never comes. */
export function startTimer(clock: Clock, atMs: number, callback: () => void): () => void {
  if (atMs === Number.POSITIVE_INFINITY) return nothing;
  if (clock.timer) return clock.timer(atMs, callback);
  const controller = new AbortController();
  clock.sleep(Math.max(0, atMs - clock.nowMs()), controller.signal).then(callback, nothing);
  return () => controller.abort(nothing);
}

/** Resolves after `ms`; rejects with the reason of `outer` as soon as that is aborted. Leaves no timer and no listener. */
export function sleepOn(clock: Clock, ms: number, outer: Cancellation | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (outer?.aborted) return reject(outer.reason);
    const stop = startTimer(clock, clock.nowMs() + ms, () => {
      release?.();
      resolve();
    });
    const release = outer?.onAbort(() => {
      stop();
      reject(outer.reason);
    });
  });
}

function nothing(): void {}
