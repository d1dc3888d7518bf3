import type { AsyncContext } from "../async-context.js";
import { LiveAttempt, type Origin } from "../attempt.js";
import type { Budget } from "../budget.js";
import type { AbortListener, Cancellation } from "../cancellation.js";
import { type Alarmed, type Armed, type Clock, disarm } from "../clock.js";
import { DeadlineError } from "../errors.js";
import type { Failure, Operation, RunOptions, Trace } from "../outcome.js";
import type { Call } from "../policy.js";
import type { RunConfig, StepInfo } from "./config.js";
import { closeAll, type Usage } from "./waits.js";

/** What a run is about: an operation, or a call of a function that knows nothing of attempts. */
export interface RunInputs extends Partial<Call> {
  readonly operation?: Operation<unknown>;
  /** What the operation calls, for those who tell of it. */
  readonly call?: Call | undefined;
  readonly options?: RunOptions | undefined;
  readonly trace?: Trace | undefined;
  /** The sum of all waits, counted here where a step is told of it: no other run is to carry it. */
  waitedMs?: number;
  /** Told of each failure before anything is decided about it; the run goes on when that has been answered. */
  readonly failed?: (failure: Failure) => unknown;
}

/**
 * A run that is under way, as the functions that drive it share it: they make its attempts, decide about its failures, and
 * end it. It is one object, for a call that sleeps holds no more than this, one promise and one timer.
 */
export interface Running extends Origin, Usage, AbortListener, Alarmed {
  readonly clock: Clock;
  readonly config: RunConfig;
  readonly inputs: RunInputs;
  /** What may end it from outside. */
  readonly outer: Cancellation | undefined;
  /** How many calls were made. */
  attempts: number;
  previous: Failure | undefined;
  /** The attempt that is made now, until it has ended or was cut. */
  live: LiveAttempt | undefined;
  /** Of the attempt, or of what is waited for between two. */
  timer: Armed;
  /** The caller's context while the run sleeps; while somebody else is asked, what to do when an abort comes first. */
  paused: AsyncContext | (() => void) | undefined;
  /**
   * Resolves the promise of the run. It rejects by a promise that is rejected, so that one function is kept, not two.
   * There is none yet while the first attempt of a prompt operation is made.
   */
  resolve: ((answer: unknown) => void) | undefined;
  /**
   * Begins the next attempt, or ends the run: with the caller's reason, or with a DeadlineError.
   *
   * @param isWoken It is a timer that calls, and no promise.
   */
  begin(isWoken?: boolean): void;
}

export function nowMs({ clock }: Running): number {
  return clock.nowMs();
}

export function elapsedMs(run: Running): number {
  return nowMs(run) - run.startedMs;
}

/** @throws the caller's reason, when the caller has given up. */
export function checkAborted({ outer }: Running): void {
  if (outer?.aborted) throw outer.reason;
}

export function deadlineError(run: Running): DeadlineError {
  const cause = run.previous?.error;
  return new DeadlineError(elapsedMs(run), run.attempts, cause === undefined ? undefined : { cause });
}

/** The budget of a policy around this one: whoever shares it must not tell it again. */
export function outerBudget({ options }: RunInputs): Budget | undefined {
  return options instanceof LiveAttempt ? options.budget : undefined;
}

/** The budget that this run has to tell of what it does. */
export function toldBudget({ config, inputs }: Running): Budget | undefined {
  const { budget } = config.given;
  return budget && budget !== outerBudget(inputs) ? budget : undefined;
}

/** What a step may know now, or knew at a failure. */
export function infoOf(run: Running, failure?: Failure): StepInfo {
  const { inputs, attempts } = run;
  const { call = inputs.target && (inputs as Call), waitedMs = 0 } = inputs;
  return { call, attempt: attempts, elapsedMs: failure?.elapsedMs ?? elapsedMs(run), waitedMs };
}

export function settle(run: Running, answer: unknown): void {
  const { resolve } = run;
  run.resolve = undefined;
  resolve?.(answer);
}

/** Lets go of the attempt, or the wait, and of its timer. */
export function rest(run: Running): void {
  run.live = run.paused = undefined;
  if (run.timer === undefined) return;
  disarm(run.timer);
  run.timer = undefined;
}

/** Lets go of all that the run holds. */
export function release(run: Running): void {
  rest(run);
  run.outer?.unlisten(run);
  if (run.previous) closeAll(run);
}
