import { type Cancellation, cancellationOf, onAbort } from "./cancellation.js";
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

/** Who is told when a time has come. */
export interface Alarmed {
  onTime(): void;
}

/** A moment that somebody waits for on the host's clock. */
type HostTimer = Timer<Alarmed>;

/** The clock of this process. All its waits share one host timer. */
class SystemClock implements Clock {
  readonly #queue = new TimerQueue<HostTimer>();
  #host: unknown;
  #hostDueMs = Number.POSITIVE_INFINITY;
  /** Fake timers come and go under a test: a host timer of another `setTimeout` may never fire. */
  #armedBy: unknown;
  #tidiedBy: unknown;

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
    return startTimer(this, atMs, callback);
  }

  /** The same for somebody who needs no functions for it. */
  add(atMs: number, alarmed: Alarmed): HostTimer {
    const timer = this.#queue.add(atMs, alarmed);
    this.#arm();
    return timer;
  }

  remove(timer: HostTimer): void {
    this.#queue.remove(timer);
    if (this.#queue.size === 0) this.#tidy();
  }

  /** Sees to it that the host wakes us when the first timer is due, or earlier. */
  #arm(): void {
    const dueMs = this.#queue.first?.dueMs ?? Number.POSITIVE_INFINITY;
    if (dueMs >= this.#hostDueMs && this.#armedBy === setTimeout) return;
    this.#disarm();
    this.#hostDueMs = dueMs;
    this.#armedBy = setTimeout;
    const delayMs = Math.min(Math.max(0, Math.ceil(dueMs - this.nowMs())), LONGEST_HOST_DELAY_MS);
    this.#host = setTimeout(() => this.#run(), delayMs);
  }

  #disarm(): void {
    clearTimeout(this.#host as number | undefined);
    this.#hostDueMs = Number.POSITIVE_INFINITY;
  }

  /**
   * Nothing waits: the host timer would only hold the process. Looked at once per turn of the event loop, since calls that
   * take no time leave and come back by the thousand in one turn.
   */
  #tidy(): void {
    if (this.#tidiedBy === setTimeout) return;
    this.#tidiedBy = setTimeout;
    setTimeout(() => {
      this.#tidiedBy = undefined;
      if (this.#queue.size === 0) this.#disarm();
    });
  }

  #run(): void {
    // What is added meanwhile arms nothing: that is done once, at the end.
    this.#hostDueMs = Number.NEGATIVE_INFINITY;
    const nowMs = this.nowMs();
    try {
      for (let timer = this.#queue.first; timer && timer.dueMs <= nowMs; timer = this.#queue.first) {
        this.#queue.remove(timer);
        timer.fire.onTime();
      }
    } finally {
      this.#hostDueMs = Number.POSITIVE_INFINITY;
      this.#arm();
    }
  }
}

/** The host's own time: `performance.now`, `Date.now`, and one `setTimeout` for all waits. */
export const systemClock: Clock = /* @__PURE__ */ new SystemClock();

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

/** A timer that was started by {@link arm}; `undefined`: its time never comes. */
export type Armed = HostTimer | (() => void) | undefined;

/** Tells somebody at `atMs`, on any clock; {@link disarm} takes it back. `Infinity` never comes. */
export function arm(clock: Clock, atMs: number, alarmed: Alarmed): Armed {
  if (atMs === Number.POSITIVE_INFINITY) return undefined;
  if (clock instanceof SystemClock) return clock.add(atMs, alarmed);
  if (clock.timer) return clock.timer(atMs, () => alarmed.onTime());
  const controller = new AbortController();
  clock.sleep(Math.max(0, atMs - clock.nowMs()), controller.signal).then(() => alarmed.onTime(), nothing);
  return () => controller.abort(nothing);
}

/** Takes a timer back. Does nothing when it has called already. */
export function disarm(timer: Armed): void {
  if (typeof timer === "function") timer();
  else if (timer) (systemClock as SystemClock).remove(timer);
}

/** Calls back at `atMs` on any clock; returns what takes it back. */
export function startTimer(clock: Clock, atMs: number, callback: () => void): () => void {
  const timer = arm(clock, atMs, { onTime: callback });
  return () => disarm(timer);
}

/** Resolves after `ms`; rejects with the reason of `outer` as soon as that is aborted. Leaves no timer and no listener. */
export function sleepOn(clock: Clock, ms: number, outer: Cancellation | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (outer?.aborted) return reject(outer.reason);
    const stop = startTimer(clock, clock.nowMs() + ms, () => {
      release();
      resolve();
    });
    const release = onAbort(outer, () => {
      stop();
      reject(outer?.reason);
    });
  });
}

function nothing(): void {}
