import { type Clock, defaultClock } from "./clock.js";
import type { GivenUp, Operation, Outcome, RunOptions, Trace } from "./outcome.js";
import type { Execute } from "./policy.js";
import { checkRunOptions } from "./run-options.js";
import { checkWrappable } from "./wraps.js";

/** Runs and never throws: what came out, and the way to it. */
export async function outcomeOf<T>(
  core: { readonly execute: Execute; readonly clock?: Clock | undefined },
  operation: Operation<T>,
  options: RunOptions | undefined,
): Promise<Outcome<T>> {
  const trace: Trace = { attempts: 0, waitsMs: [] };
  const clock = core.clock ?? defaultClock();
  const startedMs = clock.nowMs();
  let calls = 0;
  const counted: Operation<T> = (attempt) => {
    calls++;
    return operation(attempt);
  };
  const ended = (): { attempts: number; waitsMs: readonly number[]; elapsedMs: number } => ({
    // Policies that retry write their attempts down; a call that was made under none of them is one too.
    attempts: Math.max(trace.attempts, calls),
    waitsMs: trace.waitsMs,
    elapsedMs: clock.nowMs() - startedMs,
  });
  try {
    checkWrappable(operation, "operation");
    checkRunOptions(options);
    const value = await core.execute(counted, options, trace, undefined);
    return { ok: true, value, reason: "success", ...ended() };
  } catch (error) {
    return { ok: false, error, reason: reasonOf(error, options, trace), ...ended(), ...known(trace) };
  }
}

/** The codes of what a call is cut with when its time is over: by a deadline, or by a `timeout` around it. */
const OVERTIME: readonly unknown[] = ["BIDE_DEADLINE", "BIDE_CALL_TIMEOUT"];

function reasonOf(error: unknown, options: RunOptions | undefined, { reason }: Trace): GivenUp["reason"] {
  // Also where a layer inside had ended before, and another one went on: a fallback that was asked for its answer.
  if (options?.signal?.aborted && options.signal.reason === error) return "aborted";
  // To a retry that is cut from outside it is all one who cut it.
  if (reason !== undefined && reason !== "aborted") return reason;
  return OVERTIME.includes(Object(error).code) ? "deadline" : (reason ?? "not-retryable");
}

/** What the trace knows of a run that ended without a value. */
export function known({ failure, retryAfterMs }: Trace): Pick<GivenUp, "failure" | "retryAfterMs"> {
  return { ...(failure && { failure }), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
