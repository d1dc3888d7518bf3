import { guarded, type LiveAttempt } from "../attempt.js";
import { isObserved } from "../events.js";
import type { Closable } from "../schedule.js";
import { after, go } from "./asking.js";
import { failed } from "./deciding.js";
import { end, succeeded } from "./ending.js";
import { type Running, settle } from "./running.js";

/**
 * Makes an attempt, and hears how it ends.
 *
 * @param isLinked The operation is called by a function that is suspended until the run ends. V8 goes along those to the frame
 *   of the caller, also where the operation throws before it has waited for anything.
 */
export function call(run: Running, _: unknown, attempt: LiveAttempt, isLinked: boolean): void {
  const { attemptTimeoutMs, judge } = run.config;
  const failing = (error: unknown): void => fail(run, attempt, error);
  const step = (): unknown => (isLinked ? linked(run, attempt) : operate(run, attempt));
  let answer: Promise<unknown>;
  try {
    // After its time-out an attempt may still answer: that must not be heard. After other cuts the run is over anyway.
    answer = attemptTimeoutMs < Number.POSITIVE_INFINITY ? guarded(attempt, step) : Promise.resolve(step());
  } catch (error) {
    failing(error);
    return;
  }
  if (judge) {
    answer.then((value) => {
      if (run.live === attempt) go(run, () => after(run, judge(value), judged, attempt, value));
    }, failing);
  }
  // The promise's own `resolve` is the handler: V8 follows that link when it writes an error's stack, up to the caller.
  else (isWatched(run) ? answer.then((value) => passed(run, attempt, value)) : answer).then(run.resolve, failing);
}

async function linked(run: Running, attempt: LiveAttempt): Promise<unknown> {
  await undefined;
  // Cut in this very moment, or by whoever was asked before the call.
  if (run.live !== attempt) throw attempt.reason;
  return await operate(run, attempt);
}

/** Calls what the run is about. */
export function operate(run: Running, attempt: LiveAttempt): unknown {
  const { operation, target, self, args, trace } = run.inputs;
  run.attempts = attempt.number;
  if (trace) trace.attempts++;
  return operation ? operation(attempt) : target?.apply(self, args as never);
}

/** Whether somebody is to be told of a success, or something to be let go of. */
function isWatched(run: Running): boolean {
  const { given, steps, attemptTimeoutMs } = run.config;
  const { progress } = run as Closable;
  const watching = steps ?? given.budget ?? given.onSuccess ?? run.others ?? progress?.return;
  const bound = watching ?? run.deadlineMs ?? run.outer;
  return bound !== undefined || attemptTimeoutMs < Number.POSITIVE_INFINITY || isObserved();
}

/** The value of an attempt that succeeded. What is thrown by those who are told of it is final. */
function passed<T>(run: Running, attempt: LiveAttempt, value: T): T | PromiseLike<T> {
  try {
    const told = succeeded(run, attempt, value);
    return run.config.steps ? Promise.resolve(told).catch(final) : told;
  } catch (error) {
    return final(error);
  }
}

function judged(run: Running, verdict: boolean, attempt: LiveAttempt, value: unknown): void {
  // The judge may have aborted.
  if (run.live !== attempt) return;
  if (Boolean(verdict) === run.config.accepting)
    settle(run, new Promise((resolve) => resolve(succeeded(run, attempt, value))));
  else failed(run, attempt, "result", value);
}

/** What came of an attempt that failed, unless it was cut before. */
export function fail(run: Running, attempt: LiveAttempt, error: unknown): void {
  if (error instanceof Final) settle(run, Promise.reject(error.error));
  if (run.live !== attempt) return;
  try {
    failed(run, attempt, "error", error);
  } catch (own) {
    end(run, own);
  }
}

/** An error that came after a success: it ends the run, and is no failure of the attempt. */
class Final {
  constructor(readonly error: unknown) {}
}

function final(error: unknown): never {
  throw new Final(error);
}
