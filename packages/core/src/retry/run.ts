import { cancellationIn, guarded, LiveAttempt } from "../attempt.js";
import type { Budget } from "../budget.js";
import { type Cancellation, cancellationOf, eitherOf } from "../cancellation.js";
import { type Clock, defaultClock, sleepOn, startTimer } from "../clock.js";
import { AttemptTimeoutError, DeadlineError, ResultRejectedError } from "../errors.js";
import type { Failure, Operation, RunOptions, Trace } from "../outcome.js";
import type { Call } from "../policy.js";
import { read } from "../schedule.js";
import type { RetryConfig, StepInfo } from "./config.js";
import { type Decision, Judge, type Limits } from "./judge.js";
import type { Stop } from "./plan.js";

/** One run of a retry: the async shell around its decisions. What it waits for, whom it tells, and how it ends. */
export class RetryRun {
  readonly #config: RetryConfig;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #maxTimeMs: number;
  readonly #endMs: number;
  readonly #maxAttempts: number;
  readonly #outer: Cancellation | undefined;
  readonly #trace: Trace | undefined;
  readonly #call: Call | undefined;
  /** The budget of this run's attempts: its own, or that of a policy around it. */
  readonly #budget: Budget | undefined;
  /** The budget to tell how calls went; none where an outer policy tells it of the same calls. */
  readonly #told: Budget | undefined;
  #attempts = 0;
  #waitedMs = 0;
  #judge: Judge | undefined;
  #previous: Failure | undefined;

  constructor(
    config: RetryConfig,
    options: RunOptions | undefined,
    trace: Trace | undefined,
    call: Call | undefined,
    startedMs?: number,
  ) {
    this.#config = config;
    this.#clock = config.clock ?? defaultClock();
    this.#startedMs = startedMs ?? this.#clock.nowMs();
    this.#maxTimeMs = read(config.maxTimeMs);
    this.#endMs = Math.min(this.#startedMs + read(config.deadlineMs), options?.deadlineMs ?? Number.POSITIVE_INFINITY);
    this.#maxAttempts = read(config.maxAttempts);
    this.#outer = eitherOf(cancellationIn(options), config.signal && cancellationOf(config.signal));
    this.#trace = trace;
    this.#call = call;
    const outerBudget = options instanceof LiveAttempt ? options.budget : undefined;
    this.#budget = config.budget ?? outerBudget;
    this.#told = config.budget === outerBudget ? undefined : config.budget;
  }

  /** Begins the next attempt. @throws the caller's reason, when it has aborted; DeadlineError, when the time is over. */
  begin(): LiveAttempt {
    const outer = this.#outer;
    if (outer?.aborted) throw this.#ended({ reason: "aborted" }, outer.reason);
    const deadlineMs = this.#endMs === Number.POSITIVE_INFINITY ? undefined : this.#endMs;
    if (deadlineMs !== undefined && this.#clock.nowMs() >= deadlineMs) {
      throw this.#ended({ reason: "deadline" }, this.#deadlineError());
    }
    this.#attempts++;
    if (this.#trace) this.#trace.attempts++;
    const attempt = new LiveAttempt(this.#attempts, this.#previous, deadlineMs, this.#clock, this.#startedMs);
    attempt.budget = this.#budget;
    if (this.#attempts === 1) this.#told?.started?.();
    this.#config.hooks.attempt(attempt);
    return attempt;
  }

  /** Runs the operation as this attempt. Rejects when it is cut, at once, whatever the operation does. */
  call<T>(operation: Operation<T>, attempt: LiveAttempt): T | PromiseLike<T> {
    const isBounded =
      this.#endMs !== Number.POSITIVE_INFINITY || this.#config.attemptTimeoutMs !== Number.POSITIVE_INFINITY;
    return isBounded || this.#outer ? this.#bounded(operation, attempt) : operation(attempt);
  }

  get judgesResults(): boolean {
    return this.#config.accepts !== undefined;
  }

  /** The failure that a value is, when it is not accepted. */
  async rejected(value: unknown): Promise<Failure | undefined> {
    const { accepts } = this.#config;
    try {
      if (accepts === undefined || (await accepts(value))) return undefined;
    } catch (error) {
      throw this.#final(error);
    }
    return { kind: "result", value, attempt: this.#attempts, elapsedMs: this.#elapsedMs() };
  }

  thrown(error: unknown): Failure {
    return { kind: "error", error, attempt: this.#attempts, elapsedMs: this.#elapsedMs() };
  }

  /** Tells of the success, where anybody wants to hear; what a step of `onException` throws here is final. */
  succeeded(value: unknown): void | Promise<void> {
    const { hooks, steps } = this.#config;
    this.#told?.deposit(this.#attempts > 1, this.#previous);
    if (steps === undefined) return hooks.hearsSuccess ? this.#tellSuccess(value) : undefined;
    const told = this.#part(() => steps.success(value, this.#info(this.#attempts, this.#elapsedMs())));
    return told.then(() => this.#tellSuccess(value));
  }

  /**
   * Decides about a failure and, where it is retried, waits.
   * @returns the value of a run that is given up without an error; `undefined` when the next attempt may begin.
   * @throws the error of a run that is given up.
   */
  async recover(failure: Failure, attempt: LiveAttempt): Promise<{ readonly value: unknown } | undefined> {
    this.#config.hooks.failed(failure);
    this.#checkAborted(failure);
    let decision: Decision;
    try {
      this.#judge ??= new Judge(this.#config, this.#limits());
      const deciding = this.#judge.decide(failure, attempt);
      // Each await costs as much as the decision: only who answers later is waited for.
      decision = deciding instanceof Promise ? await deciding : deciding;
    } catch (error) {
      throw this.#final(error, failure);
    }
    this.#checkAborted(failure);
    const { plan, isMatched } = decision;
    if ("reason" in plan) return this.#giveUp(failure, plan, isMatched);
    if (this.#config.steps && !(await this.#mayWait(failure, plan.delayMs))) {
      return this.#giveUp(failure, { reason: "deadline" }, isMatched);
    }
    this.#noteWait(failure, plan.delayMs);
    try {
      await sleepOn(this.#clock, plan.delayMs, this.#outer);
    } catch (reason) {
      throw this.#ended({ reason: "aborted" }, reason);
    }
    return undefined;
  }

  /** Waited for after the wait, within the bounds of the attempt that is about to begin. What it throws is final. */
  beforeRetry(attempt: LiveAttempt): Promise<void> | undefined {
    const { beforeRetry } = this.#config;
    const previous = this.#previous;
    return beforeRetry && previous && this.#part(() => this.call(() => beforeRetry(previous, attempt), attempt));
  }

  async #bounded<T>(operation: Operation<T>, attempt: LiveAttempt): Promise<T> {
    const outer = this.#outer;
    const timeoutMs = this.#config.attemptTimeoutMs;
    const timesOutMs = this.#clock.nowMs() + timeoutMs;
    const cutsRun = this.#endMs <= timesOutMs;
    const stop = startTimer(this.#clock, Math.min(this.#endMs, timesOutMs), () =>
      attempt.abort(cutsRun ? this.#deadlineError() : new AttemptTimeoutError(timeoutMs, attempt.number)),
    );
    const release = outer?.onAbort(() => attempt.abort(outer.reason));
    // A hook may have aborted it since the attempt began.
    if (outer?.aborted) attempt.abort(outer.reason);
    try {
      return await guarded(attempt, () => operation(attempt));
    } finally {
      stop();
      release?.();
    }
  }

  /** Runs the step before a wait; `false` when it has used up the time for the wait. */
  async #mayWait(failure: Failure, delayMs: number): Promise<boolean> {
    const { steps } = this.#config;
    await this.#part(() => steps?.backoff(failure, delayMs, this.#info(failure.attempt, failure.elapsedMs)), failure);
    return this.#clock.nowMs() + delayMs < this.#endMs;
  }

  #noteWait(failure: Failure, delayMs: number): void {
    this.#config.hooks.retry(failure, delayMs);
    this.#previous = failure;
    this.#waitedMs += delayMs;
    this.#trace?.waitsMs.push(delayMs);
  }

  async #giveUp(failure: Failure, stop: Stop, isMatched: boolean): Promise<{ readonly value: unknown }> {
    const { steps, onGivenUp } = this.#config;
    if (isMatched && steps) {
      await this.#part(() => steps.giveUp(failure, stop, this.#info(failure.attempt, failure.elapsedMs)), failure);
    }
    this.#end(stop, failure);
    if (isMatched && onGivenUp === "undefined") return { value: undefined };
    if (failure.kind === "error") throw failure.error;
    if (onGivenUp === "value") return { value: failure.value };
    throw new ResultRejectedError(failure.value, this.#attempts);
  }

  #checkAborted(failure: Failure): void {
    if (this.#outer?.aborted) throw this.#ended({ reason: "aborted" }, this.#outer.reason, failure);
  }

  /** Runs a part of the run that is the caller's and neither the operation nor an onlooker. */
  async #part(part: () => unknown, failure?: Failure): Promise<void> {
    try {
      await part();
    } catch (error) {
      throw this.#final(error, failure);
    }
  }

  /** What such a part throws is the end of the run. */
  #final(error: unknown, failure?: Failure): unknown {
    const wasAborted = this.#outer?.aborted && this.#outer.reason === error;
    const reason = wasAborted ? "aborted" : error instanceof DeadlineError ? "deadline" : "not-retryable";
    return this.#ended({ reason }, error, failure);
  }

  /** Ends the run with an error that is not the failure's own, and hands it back to be thrown. */
  #ended(stop: Stop, error: unknown, failure: Failure | undefined = this.#previous): unknown {
    this.#end(stop, failure);
    return error;
  }

  #end(stop: Stop, failure: Failure | undefined): void {
    this.#config.hooks.giveUp(failure, stop, this.#attempts, this.#elapsedMs());
    if (this.#trace === undefined) return;
    this.#trace.reason = stop.reason;
    if (failure) this.#trace.failure = failure;
    if (stop.retryAfterMs !== undefined) this.#trace.retryAfterMs = stop.retryAfterMs;
  }

  #tellSuccess(value: unknown): void {
    this.#config.hooks.success(value, this.#attempts, this.#elapsedMs());
  }

  #limits(): Limits {
    return {
      clock: this.#clock,
      maxAttempts: this.#maxAttempts,
      maxTimeMs: this.#maxTimeMs,
      endMs: this.#endMs,
      outer: this.#outer,
      told: this.#told,
    };
  }

  #info(attempt: number, elapsedMs: number): StepInfo {
    return { call: this.#call, attempt, elapsedMs, waitedMs: this.#waitedMs };
  }

  #deadlineError(): DeadlineError {
    const cause = this.#previous?.error;
    return new DeadlineError(this.#elapsedMs(), this.#attempts, cause === undefined ? undefined : { cause });
  }

  #elapsedMs(): number {
    return this.#clock.nowMs() - this.#startedMs;
  }
}
