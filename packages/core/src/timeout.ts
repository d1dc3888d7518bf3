import { type Clock, defaultClock } from "./clock.js";
import { type Duration, toMs } from "./duration.js";
import { BideError, optionError } from "./errors.js";
import { emit, isObserved } from "./events.js";
import { executeGated } from "./gate.js";
import { checkKeys } from "./options.js";
import { makePolicy, type Policy } from "./policy.js";
import type { Timing } from "./timing.js";

/** A call took longer than its `timeout`. Its signal was aborted with this error. */
export class CallTimeoutError extends BideError {
  override readonly code = "BIDE_CALL_TIMEOUT";
  override get name(): "CallTimeoutError" {
    return "CallTimeoutError";
  }
  /** @param timeoutMs The time that the call had, in milliseconds. */
  constructor(
    policy: string | undefined,
    readonly timeoutMs: number,
  ) {
    super(`${policy === undefined ? "timeout" : `timeout "${policy}"`}: no answer within ${timeoutMs} ms`);
  }
}

/** Options of {@link timeout}. */
export interface TimeoutOptions {
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** For events and errors. */
  readonly name?: string | undefined;
}

/**
 * Cuts a call that takes longer than `duration`: its signal aborts, and the caller gets a {@link CallTimeoutError} at once,
 * whatever the call does. Policies inside see the time as their deadline and start nothing that cannot fit in it.
 *
 * Where the caller's own deadline is earlier, that one counts. Keeps no state.
 *
 * @param duration > 0; Infinity: no limit.
 * @throws OptionError for a duration of zero or none at all.
 */
export function timeout(duration: Duration, options: TimeoutOptions = {}): Policy {
  checkKeys(options, ["clock", "name"], "timeout");
  const timeoutMs = toMs(duration, "duration");
  if (timeoutMs === 0) throw optionError("duration", "a duration > 0", duration);
  const { clock, name } = options;
  const timing: Timing = {
    timeoutMs,
    clock: () => clock ?? defaultClock(),
    overdue: () => {
      if (isObserved()) emit({ type: "call-timed-out", name, timeoutMs });
      return new CallTimeoutError(name, timeoutMs);
    },
  };
  return makePolicy({
    execute: executeGated([], clock, timing),
    timing,
    clock,
    describe: () => ({
      policy: "timeout",
      name,
      summary:
        timeoutMs === Number.POSITIVE_INFINITY ? "lets a call take any time" : `cuts a call after ${timeoutMs} ms`,
      options: { timeoutMs },
    }),
  });
}
