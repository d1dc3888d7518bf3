import { cancellationIn, guarded, LiveAttempt } from "./attempt.js";
import { onAbort } from "./cancellation.js";
import { type Clock, defaultClock, startTimer } from "./clock.js";
import { type Duration, toMs } from "./duration.js";
import { BideError, DeadlineError, optionError } from "./errors.js";
import { emit, isObserved } from "./events.js";
import { checkKeys } from "./options.js";
import type { Operation, RunOptions } from "./outcome.js";
import { makePolicy, type Policy } from "./policy.js";

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
  return makePolicy({
    execute: (operation, runOptions) =>
      timed(operation, runOptions, timeoutMs, { clock: clock ?? defaultClock(), name }),
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

function timed<T>(
  operation: Operation<T>,
  options: RunOptions | undefined,
  timeoutMs: number,
  { clock, name }: { readonly clock: Clock; readonly name: string | undefined },
): Promise<T> {
  const startedMs = clock.nowMs();
  const caller = cancellationIn(options);
  const ownEndMs = startedMs + timeoutMs;
  const endMs = Math.min(ownEndMs, options?.deadlineMs ?? Number.POSITIVE_INFINITY);
  const attempt = within(options, endMs, clock, startedMs);
  const cut = (): void => attempt.abort(caller?.reason);
  if (caller?.aborted) cut();
  else if (startedMs >= endMs) attempt.abort(new DeadlineError(0, 0));
  if (attempt.aborted) return Promise.reject(attempt.reason);
  const stop = startTimer(clock, endMs, () => {
    const isOwn = endMs === ownEndMs;
    if (isOwn && isObserved()) emit({ type: "call-timed-out", name, timeoutMs });
    attempt.abort(isOwn ? new CallTimeoutError(name, timeoutMs) : new DeadlineError(endMs - startedMs, 1));
  });
  const release = onAbort(caller, cut);
  return guarded(
    attempt,
    () => operation(attempt),
    () => {
      stop();
      release();
    },
  );
}

/** The attempt around this policy, as far as there is one, with an earlier end. */
function within(options: RunOptions | undefined, endMs: number, clock: Clock, startedMs: number): LiveAttempt {
  const outer = options instanceof LiveAttempt ? options : undefined;
  const deadlineMs = endMs === Number.POSITIVE_INFINITY ? undefined : endMs;
  const origin = { clock, startedMs, deadlineMs, budget: outer?.budget };
  return new LiveAttempt(outer?.number ?? 1, outer?.previous, origin);
}
