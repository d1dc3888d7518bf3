import { systemClock } from "../clock.js";
import { BideError, OptionError } from "../errors.js";

/** Time for code that blocks: its `sleep` returns when the time is over. */
export interface BlockingClock {
  /** Milliseconds on a scale that only grows. */
  nowMs(): number;
  /** Returns after `ms` milliseconds, never earlier. */
  sleep(ms: number): void;
}

/** This thread may not block. */
export class BlockingNotAllowedError extends BideError {
  override readonly code = "BIDE_BLOCKING_NOT_ALLOWED";
  override get name(): "BlockingNotAllowedError" {
    return "BlockingNotAllowedError";
  }
  constructor(options?: ErrorOptions) {
    super("this thread may not block, as the main thread of a browser may not: use `bide` there, or a worker", options);
  }
}

/** The host's own time. Its waits stop the whole thread: no timer, no promise and no event gets through meanwhile. */
export const blockingClock: BlockingClock = {
  nowMs: () => systemClock.nowMs(),
  sleep(ms) {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const dueMs = systemClock.nowMs() + ms;
    for (let leftMs = ms; leftMs > 0; leftMs = dueMs - systemClock.nowMs()) Atomics.wait(cell, 0, 0, leftMs);
  },
};

/**
 * The clock that a policy was given, or the host's.
 *
 * @throws BlockingNotAllowedError when it is the host's, and this thread may not block: found out before the first call.
 */
export function blockingClockOf(clock: BlockingClock | undefined): BlockingClock {
  if (clock !== undefined) return clock;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
  } catch (cause) {
    throw new BlockingNotAllowedError({ cause });
  }
  return blockingClock;
}

/** @throws OptionError when `value` is a promise: nothing here can wait for one. */
export function atOnce<T>(value: T, option: string, what: string): Awaited<T> {
  if (typeof value === "object" && value !== null && "then" in value) {
    // Nobody else will look at it.
    if (value instanceof Promise) value.catch(() => undefined);
    throw new OptionError(
      option,
      `${what} returned a promise, which blocking code cannot wait for; use \`bide\` for it`,
    );
  }
  return value as Awaited<T>;
}
