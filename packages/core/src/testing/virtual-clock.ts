import { cancellationOf } from "../cancellation.js";
import { type Clock, sleepOn } from "../clock.js";
import { type Duration, toMs } from "../duration.js";
import { BideError, optionError } from "../errors.js";
import { checkInteger, checkKeys, checkMethods } from "../options.js";
import { type Timer, TimerQueue } from "../timer-queue.js";

/** Nothing is left that this clock could bring about, and the promise still waits. */
export class StalledError extends BideError {
  override readonly code = "BIDE_STALLED";
  override get name(): "StalledError" {
    return "StalledError";
  }
}

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Required<Clock> {
  /** How many waits are pending. */
  readonly pending: number;
  /** Moves on by `duration`: everything due on the way runs, in order, each at its own time. */
  advance(duration: Duration): Promise<void>;
  /** Moves on from wait to wait until none is left. @throws StalledError after `limit` waits (default 1,000,000). */
  runAll(limit?: number): Promise<void>;
  /** Moves on until the promise settles, and settles like it. @throws StalledError when nothing is left to wait for. */
  run<T>(promise: PromiseLike<T>): Promise<T>;
}

/** Options of {@link virtualClock}. */
export interface VirtualClockOptions {
  /** Where `nowMs` and `wallNowMs` start. @default 0 */
  readonly startMs?: number | undefined;
}

/** How many turns of the host's event loop a promise is given to settle when no wait is pending. */
const IDLE_TURNS = 100;

class VirtualTime implements VirtualClock {
  readonly #queue = new TimerQueue();
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get pending(): number {
    return this.#queue.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallNowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal && cancellationOf(signal));
  }

  timer(atMs: number, callback: () => void): () => void {
    const timer = this.#queue.add(Math.max(atMs, this.#nowMs), callback);
    return () => this.#queue.remove(timer);
  }

  async advance(duration: Duration): Promise<void> {
    const untilMs = this.#nowMs + toMs(duration, "duration");
    await turn();
    for (let next = this.#queue.first; next && next.dueMs <= untilMs; next = this.#queue.first) await this.#step(next);
    // Another may have moved on further meanwhile, and time does not go back.
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  async runAll(limit = 1_000_000): Promise<void> {
    checkInteger(limit, "limit", 0);
    await turn();
    let steps = 0;
    for (let next = this.#queue.first; next; next = this.#queue.first) {
      if (steps++ >= limit)
        throw new StalledError(`the clock still has ${this.#queue.size} waits after running ${limit}`);
      await this.#step(next);
    }
  }

  async run<T>(promise: PromiseLike<T>): Promise<T> {
    checkMethods(promise ?? null, "promise", ["then"], "a promise");
    let isSettled = false;
    const settled = Promise.resolve(promise).finally(() => {
      isSettled = true;
    });
    // The caller gets the rejection from the promise that is returned; this one only watches.
    settled.catch(() => undefined);
    await turn();
    for (let idle = 0; !isSettled; ) {
      const next = this.#queue.first;
      if (next) {
        idle = 0;
        await this.#step(next);
      } else if (idle++ < IDLE_TURNS) await turn();
      else throw new StalledError("the promise waits for something that this clock does not drive");
    }
    return settled;
  }

  /** Jumps to the earliest wait, ends it, and lets everything that follows from it happen. */
  async #step(next: Timer): Promise<void> {
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    this.#queue.remove(next);
    next.fire();
    await turn();
  }
}

/**
 * Makes a clock that only a test moves. Give it to policies as `clock`, or put it in place with {@link withClock}.
 *
 * @throws OptionError for an option that is unknown, or a start that is no finite number.
 */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  return new VirtualTime(startOf(options, "virtualClock"));
}

/** Where a virtual clock starts. @throws OptionError for an option that is unknown, or a start that is no finite number. */
export function startOf(options: VirtualClockOptions, owner: string): number {
  checkKeys(options, ["startMs"], owner);
  const { startMs = 0 } = options;
  if (!Number.isFinite(startMs)) throw optionError("startMs", "a finite number", startMs);
  return startMs;
}

/** Ends when every microtask has run: a message to oneself arrives after them, and takes no time as a timer would. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
