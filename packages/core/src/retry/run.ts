import { type AsyncContext, goOn } from "../async-context.js";
import { cancellationIn, LiveAttempt, started } from "../attempt.js";
import type { Budget } from "../budget.js";
import { type Cancellation, cancellationOf, eitherOf } from "../cancellation.js";
import { type Armed, arm, type Clock, defaultClock } from "../clock.js";
import { AttemptTimeoutError } from "../errors.js";
import { isObserved } from "../events.js";
import type { Failure } from "../outcome.js";
import type { Progress } from "../schedule.js";
import { after, go } from "./asking.js";
import { call, fail, operate } from "./calling.js";
import { type RetryConfig, type RunConfig, readNow } from "./config.js";
import { failed } from "./deciding.js";
import { end, succeeded } from "./ending.js";
import { tell } from "./hooks.js";
import type { Rule } from "./rule.js";
import {
  checkAborted,
  deadlineError,
  nowMs,
  outerBudget,
  type RunInputs,
  type Running,
  rest,
  toldBudget,
} from "./running.js";
import type { Used } from "./waits.js";

const NEVER_MS = Number.POSITIVE_INFINITY;

/**
 * One run of a retry: the shell that makes its attempts, and cuts them.
 *
 * It is made of callbacks, not of async functions: a call that sleeps holds no suspended frames, which would weigh more than
 * all the rest. All its fields are there from the beginning, for what comes later makes each run one of another shape.
 */
export class RetryRun implements Running {
  readonly clock: Clock;
  readonly startedMs: number;
  readonly config: RunConfig;
  readonly inputs: RunInputs;
  readonly outer: Cancellation | undefined;
  attempts = 0;
  failures = 0;
  progress: Progress | undefined = undefined;
  others: Map<Rule, Used> | undefined = undefined;
  previous: Failure | undefined = undefined;
  live: LiveAttempt | undefined = undefined;
  timer: Armed = undefined;
  paused: AsyncContext | (() => void) | undefined = undefined;
  resolve: ((answer: unknown) => void) | undefined = undefined;

  constructor(config: RetryConfig, inputs: RunInputs, startedMs?: number) {
    const { clock = defaultClock(), signal } = config.given;
    this.config = config.isLive ? readNow(config) : (config as RunConfig);
    this.inputs = inputs;
    this.clock = clock;
    this.startedMs = startedMs ?? clock.nowMs();
    this.outer = eitherOf(cancellationIn(inputs.options), signal && cancellationOf(signal));
    this.outer?.listen(this);
  }

  get deadlineMs(): number | undefined {
    const { deadlineMs } = this.config;
    const callersMs = this.inputs.options?.deadlineMs;
    if (deadlineMs === NEVER_MS) return callersMs;
    return Math.min(this.startedMs + deadlineMs, callersMs ?? NEVER_MS);
  }

  /** The budget that hears of the attempts. */
  get budget(): Budget | undefined {
    return this.config.given.budget ?? outerBudget(this.inputs);
  }

  overdue(): unknown {
    return deadlineError(this);
  }

  /** The caller gives up. Where neither an attempt nor a wait is under way, what comes next finds that. */
  onAborted(): void {
    const { live, outer } = this;
    if (live) cut(this, live, outer?.reason);
    else wake(this);
  }

  /** The attempt's time is over, or the run's, or the wait's. */
  onTime(): void {
    const { live } = this;
    if (live) cut(this, live, overtime(this, live));
    else wake(this);
  }

  /** The promise of a run. */
  start<T>(): Promise<T> {
    const settled = settling<T>(this);
    this.begin();
    return settled;
  }

  /**
   * The promise of a run whose operation ends by itself as soon as its attempt is cut, as a policy does: what it answers first
   * needs no promise before it that could be settled earlier.
   */
  prompt<T>(): Promise<T> {
    try {
      const attempt = open(this);
      return started(() => operate(this, attempt) as T, attempt).then(
        (value) => succeeded(this, attempt, value),
        (error: unknown) => adopted(this, () => fail(this, attempt, error)),
      );
    } catch (error) {
      const settled = settling<T>(this);
      end(this, error);
      return settled;
    }
  }

  /** Goes on from a first attempt that failed before there was a run: what its promise becomes. */
  resume(error: unknown): PromiseLike<never> {
    return adopted(this, () =>
      go(this, () => {
        const attempt = next(this);
        this.attempts = 1;
        failed(this, attempt, "error", error);
      }),
    );
  }

  begin(isWoken = false): void {
    const { beforeRetry } = this.config.given;
    const { previous } = this;
    rest(this);
    try {
      const attempt = open(this);
      if (previous && beforeRetry) after(this, beforeRetry(previous, attempt), call, attempt, true);
      else call(this, undefined, attempt, isWoken || (previous !== undefined && isLast(this, attempt)));
    } catch (error) {
      end(this, error);
    }
  }
}

/** A promise that the run settles. */
function settling<T>(run: Running): Promise<T> {
  return new Promise((resolve) => {
    run.resolve = resolve as (answer: unknown) => void;
  });
}

/**
 * What the promise of a first attempt becomes when that has failed: the run settles it from then on. It is told how as any
 * promise would be that another one is to follow, but is none: a call that sleeps would weigh twice as much for it.
 */
function adopted(run: Running, step: () => void): PromiseLike<never> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: what is handed to a promise's handlers, and to nobody else.
    then(resolve: (answer: never) => void) {
      run.resolve = resolve as (answer: unknown) => void;
      step();
    },
  } as PromiseLike<never>;
}

/** Ends a pause; after a wait in the context of the caller. */
function wake(run: Running): void {
  const { paused } = run;
  if (typeof paused === "function") paused();
  else if (paused) goOn(paused, begin, run);
}

function begin(run: Running): void {
  run.begin(true);
}

/** Whether no wait is left after this attempt, so that its error will be the run's. */
function isLast({ progress, config }: Running, { number }: LiveAttempt): boolean {
  const { rules, maxAttempts } = config;
  const { schedule } = rules[rules.length - 1] as Rule;
  return number >= maxAttempts || progress === (schedule as Partial<readonly number[]>).length;
}

/** The next attempt, under way. */
function open(run: Running): LiveAttempt {
  const attempt = next(run);
  // A hook may have aborted.
  checkAborted(run);
  bind(run);
  return attempt;
}

function next(run: Running): LiveAttempt {
  const { config, deadlineMs } = run;
  const { given } = config;
  checkAborted(run);
  // The first attempt begins when the run does.
  if (deadlineMs !== undefined && (run.attempts > 0 ? nowMs(run) : run.startedMs) >= deadlineMs)
    throw deadlineError(run);
  const number = run.attempts + 1;
  const attempt = new LiveAttempt(number, run.previous, run);
  if (number === 1) toldBudget(run)?.started?.();
  if (given.onAttempt || isObserved()) {
    tell({ type: "attempt-started", attempt: number }, given, "onAttempt", attempt);
  }
  run.live = attempt;
  return attempt;
}

/** Sees to it that the attempt is cut when its time, or the run's time, is over. */
function bind(run: Running): void {
  const { attemptTimeoutMs } = run.config;
  const timesOutMs = attemptTimeoutMs < NEVER_MS ? nowMs(run) + attemptTimeoutMs : attemptTimeoutMs;
  run.timer = arm(run.clock, Math.min(run.deadlineMs ?? NEVER_MS, timesOutMs), run);
}

function cut(run: Running, attempt: LiveAttempt, reason: unknown): void {
  attempt.abort(reason);
  if (run.resolve) fail(run, attempt, reason);
}

function overtime(run: Running, { number }: LiveAttempt): Error {
  const { attemptTimeoutMs } = run.config;
  const isOwn = attemptTimeoutMs < NEVER_MS && nowMs(run) < (run.deadlineMs ?? NEVER_MS);
  return isOwn ? new AttemptTimeoutError(attemptTimeoutMs, number) : deadlineError(run);
}
