import type { LiveAttempt } from "../attempt.js";
import { DeadlineError, ResultRejectedError } from "../errors.js";
import { isObserved } from "../events.js";
import { isLater } from "../later.js";
import type { Failure } from "../outcome.js";
import { tell } from "./hooks.js";
import type { Stop } from "./plan.js";
import { elapsedMs, infoOf, type Running, release, settle, toldBudget } from "./running.js";

/** Tells of the success, where anybody wants to hear; what a step of `onException` throws here is final. */
export function succeeded<T>(run: Running, attempt: LiveAttempt, value: T): T | PromiseLike<T> {
  const { steps } = run.config;
  // Cut before it answered.
  if (run.live !== attempt) return value;
  release(run);
  toldBudget(run)?.deposit(run.attempts > 1, run.previous);
  if (steps === undefined) return tellSuccess(run, value);
  return Promise.resolve(steps.success(value, infoOf(run))).then(
    () => tellSuccess(run, value),
    (error: unknown) => {
      over(run, stopOf(run, error));
      throw error;
    },
  );
}

function tellSuccess<T>(run: Running, value: T): T {
  const { given } = run.config;
  if (given.onSuccess || isObserved()) {
    const shared = { attempts: run.attempts, elapsedMs: elapsedMs(run) };
    tell({ type: "run-succeeded", ...shared }, given, "onSuccess", value);
  }
  return value;
}

/** Ends the run with a failure that is not retried: with the operation's own error, or what the policy has in its place. */
export function giveUp(run: Running, failure: Failure, stop: Stop, isMatched: boolean): void {
  const told = isMatched && run.config.steps?.giveUp(failure, stop, infoOf(run, failure));
  const go = (): void => leave(run, failure, stop, isMatched);
  if (isLater(told)) Promise.resolve(told).then(go, (error: unknown) => end(run, error));
  else go();
}

/** The same, with no step asked. */
export function leave(run: Running, failure: Failure, stop: Stop, isMatched: boolean): void {
  const { onGivenUp } = run.config;
  over(run, stop);
  const { kind, error, value } = failure;
  if (isMatched && onGivenUp === "undefined") settle(run, undefined);
  else if (kind === "result" && onGivenUp === "value") settle(run, value);
  else settle(run, Promise.reject(kind === "error" ? error : new ResultRejectedError(value, run.attempts)));
}

/** Ends the run with an error that is not the operation's own. */
export function end(run: Running, error: unknown): void {
  // It has ended already, by an abort in the midst of whom it asked.
  if (run.resolve === undefined) return;
  over(run, stopOf(run, error));
  settle(run, Promise.reject(error));
}

function stopOf({ outer }: Running, error: unknown): Stop {
  const wasAborted = outer?.aborted && Object.is(outer.reason, error);
  return { reason: wasAborted ? "aborted" : error instanceof DeadlineError ? "deadline" : "not-retryable" };
}

function over(run: Running, { reason, retryAfterMs }: Stop): void {
  const { given } = run.config;
  const { trace } = run.inputs;
  const failure = run.previous;
  release(run);
  if (given.onGiveUp || isObserved()) {
    const shared = { attempts: run.attempts, elapsedMs: elapsedMs(run) };
    tell({ type: "run-gave-up", ...shared, reason, failure, retryAfterMs }, given, "onGiveUp", failure);
  }
  if (trace) Object.assign(trace, { reason }, failure && { failure }, retryAfterMs !== undefined && { retryAfterMs });
}
