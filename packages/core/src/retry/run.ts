import { type AsyncContext, contextNow, goOn } from "../async-context.js";
import { cancellationIn, guarded, LiveAttempt, type Origin, started } from "../attempt.js";
import type { Budget } from "../budget.js";
import { type AbortListener, type Cancellation, cancellationOf, eitherOf } from "../cancellation.js";
import { type Alarmed, type Armed, arm, type Clock, defaultClock, disarm } from "../clock.js";
import { AttemptTimeoutError, DeadlineError, ResultRejectedError } from "../errors.js";
import { isObserved } from "../events.js";
import { isLater } from "../later.js";
import type { Failure, Operation, RunOptions, Trace } from "../outcome.js";
import type { Call } from "../policy.js";
import type { Closable, Progress } from "../schedule.js";
import { type RetryConfig, type RunConfig, readNow, type StepInfo } from "./config.js";
import { tell } from "./hooks.js";
import type { Verdict } from "./options.js";
import type { Stop } from "./plan.js";
import { meaningOf, type Rule } from "./rule.js";
import { closeAll, planNext, type Usage, type Used } from "./waits.js";

/** So many attempts without a wait between them may be made in one turn of the event loop. */
const TURN = 8;

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
 * One run of a retry: the shell around its decisions. What it waits for, whom it tells, and how it ends.
 *
 * It is made of callbacks, not of async functions: a call that sleeps holds this object, one promise and one timer, and no
 * suspended frames, which would weigh more than all the rest.
 */
export class RetryRun implements Origin, Usage, AbortListener, Alarmed {
  readonly clock: Clock;
  readonly startedMs: number;
  failures = 0;
  progress: Progress | undefined;
  others: Map<Rule, Used> | undefined;
  readonly #config: RunConfig;
  readonly #inputs: RunInputs;
  /**
   * Resolves the promise of the run. It rejects by a promise that is rejected, so that one function is kept, not two.
   * There is none yet while the first attempt of a prompt operation is made.
   */
  #resolve: ((value: unknown) => void) | undefined;
  readonly #outer: Cancellation | undefined;
  #attempts = 0;
  #previous: Failure | undefined;
  /** The attempt that is made now, until it has ended or was cut. */
  #live: LiveAttempt | undefined;
  /** Of the attempt, or of what is waited for between two. */
  #timer: Armed;
  /** The caller's context while the run sleeps; while somebody else is asked, what to do when an abort comes first. */
  #paused: AsyncContext | (() => void) | undefined;

  constructor(config: RetryConfig, inputs: RunInputs, settle?: (value: unknown) => void, startedMs?: number) {
    const { options } = inputs;
    const { clock = defaultClock(), signal } = config.given;
    this.#config = config.isLive ? readNow(config) : (config as RunConfig);
    this.#inputs = inputs;
    this.#resolve = settle;
    this.clock = clock;
    this.startedMs = startedMs ?? clock.nowMs();
    this.#outer = eitherOf(cancellationIn(options), signal && cancellationOf(signal));
    this.#outer?.listen(this);
  }

  get deadlineMs(): number | undefined {
    const { deadlineMs } = this.#config;
    const callersMs = this.#inputs.options?.deadlineMs;
    if (deadlineMs === Number.POSITIVE_INFINITY) return callersMs;
    return Math.min(this.startedMs + deadlineMs, callersMs ?? Number.POSITIVE_INFINITY);
  }

  /** The budget that hears of the attempts. */
  get budget(): Budget | undefined {
    return this.#config.given.budget ?? this.#outerBudget;
  }

  /** The caller gives up. Where neither an attempt nor a wait is under way, what comes next finds that. */
  onAborted(): void {
    const live = this.#live;
    if (live) this.#cut(live, this.#outer?.reason);
    else this.#goOn();
  }

  /** The attempt's time is over, or the run's, or the wait's. */
  onTime(): void {
    const live = this.#live;
    if (live) this.#cut(live, this.#overtime(live));
    else this.#goOn();
  }

  /** Ends a pause; after a wait in the context of the caller. */
  #goOn(): void {
    const paused = this.#paused;
    if (typeof paused === "function") paused();
    else if (paused) goOn(paused, begin, this);
  }

  #overtime({ number }: LiveAttempt): Error {
    const { attemptTimeoutMs } = this.#config;
    const isOwn =
      attemptTimeoutMs < Number.POSITIVE_INFINITY && this.#nowMs() < (this.deadlineMs ?? Number.POSITIVE_INFINITY);
    return isOwn ? new AttemptTimeoutError(attemptTimeoutMs, number) : this.#deadlineError();
  }

  /** Whether somebody is to be told of a success, or something to be let go of. */
  get #isWatched(): boolean {
    const { given, steps } = this.#config;
    const { progress } = this as Closable;
    const watching = steps ?? given.budget ?? given.onSuccess ?? this.others ?? progress?.return;
    return watching !== undefined || this.#isBounded || isObserved();
  }

  /** Whether anything may cut an attempt. */
  get #isBounded(): boolean {
    return (this.deadlineMs ?? this.#outer) !== undefined || this.#config.attemptTimeoutMs < Number.POSITIVE_INFINITY;
  }

  /** The promise of a run. */
  start<T>(): Promise<T> {
    const settled = this.#settled<T>();
    this.begin();
    return settled;
  }

  /**
   * The promise of a run whose operation ends by itself as soon as its attempt is cut, as a policy does: what it answers first
   * needs no promise before it that could be settled earlier.
   */
  prompt<T>(): Promise<T> {
    try {
      const attempt = this.#open();
      return started(() => this.#start(attempt) as T, attempt).then(
        (value) => this.#succeeded(attempt, value),
        (error: unknown) => {
          const settled = this.#settled<T>();
          this.#fail(attempt, error);
          return settled;
        },
      );
    } catch (error) {
      const settled = this.#settled<T>();
      this.#end(error);
      return settled;
    }
  }

  #settle(answer: unknown): void {
    this.#resolve?.(answer);
  }

  #settled<T>(): Promise<T> {
    return new Promise((resolve) => {
      this.#resolve = resolve as (value: unknown) => void;
    });
  }

  /** Begins the next attempt, or ends the run: with the caller's reason, or with a DeadlineError. */
  begin(): void {
    const { beforeRetry } = this.#config.given;
    const previous = this.#previous;
    this.#rest();
    try {
      const attempt = this.#open();
      if (beforeRetry && previous) this.#after(beforeRetry(previous, attempt), this.#call, attempt);
      else this.#call(undefined, attempt);
    } catch (error) {
      this.#end(error);
    }
  }

  /** Goes on from a first attempt that failed before there was a run. */
  resume(error: unknown): void {
    this.#go(() => this.#failed(this.#next(), "error", error));
  }

  /** The value of an attempt that succeeded. What is thrown by those who are told of it is final. */
  #passed<T>(attempt: LiveAttempt, value: T): T | PromiseLike<T> {
    try {
      const passed = this.#succeeded(attempt, value);
      return this.#config.steps ? Promise.resolve(passed).catch(final) : passed;
    } catch (error) {
      return final(error);
    }
  }

  /** Tells of the success, where anybody wants to hear; what a step of `onException` throws here is final. */
  #succeeded<T>(attempt: LiveAttempt, value: T): T | PromiseLike<T> {
    const { steps } = this.#config;
    // Cut before it answered.
    if (this.#live !== attempt) return value;
    this.release();
    this.#told?.deposit(this.#attempts > 1, this.#previous);
    if (steps === undefined) return this.#tellSuccess(value);
    return Promise.resolve(steps.success(value, this.#info())).then(
      () => this.#tellSuccess(value),
      (error: unknown) => {
        this.#over(this.#endOf(error));
        throw error;
      },
    );
  }

  /** Lets go of all that it holds. */
  release(): void {
    this.#rest();
    this.#outer?.unlisten(this);
    if (this.#previous) closeAll(this);
  }

  /** Lets go of the attempt, or the wait, and of its timer. */
  #rest(): void {
    this.#live = this.#paused = undefined;
    if (this.#timer === undefined) return;
    disarm(this.#timer);
    this.#timer = undefined;
  }

  #tellSuccess<T>(value: T): T {
    const { given } = this.#config;
    if (given.onSuccess || isObserved()) {
      const shared = { attempts: this.#attempts, elapsedMs: this.#elapsedMs() };
      tell({ type: "run-succeeded", ...shared }, given, "onSuccess", value);
    }
    return value;
  }

  #open(): LiveAttempt {
    const attempt = this.#next();
    // A hook may have aborted.
    this.#checkAborted();
    this.#bind();
    return attempt;
  }

  #next(): LiveAttempt {
    const { given } = this.#config;
    const { trace } = this.#inputs;
    this.#checkAborted();
    const endMs = this.deadlineMs;
    // The first attempt begins when the run does.
    if (endMs !== undefined && (this.#attempts > 0 ? this.#nowMs() : this.startedMs) >= endMs)
      throw this.#deadlineError();
    const number = ++this.#attempts;
    const attempt = new LiveAttempt(number, this.#previous, this);
    if (trace) trace.attempts++;
    if (number === 1) this.#told?.started?.();
    if (given.onAttempt || isObserved()) {
      tell({ type: "attempt-started", attempt: number }, given, "onAttempt", attempt);
    }
    this.#live = attempt;
    return attempt;
  }

  /** Sees to it that the attempt is cut when its time, or the run's time, is over. */
  #bind(): void {
    const { attemptTimeoutMs } = this.#config;
    const endMs = this.deadlineMs ?? Number.POSITIVE_INFINITY;
    const timesOutMs =
      attemptTimeoutMs < Number.POSITIVE_INFINITY ? this.#nowMs() + attemptTimeoutMs : attemptTimeoutMs;
    this.#timer = arm(this.clock, Math.min(endMs, timesOutMs), this);
  }

  #cut(attempt: LiveAttempt, reason: unknown): void {
    attempt.abort(reason);
    if (this.#resolve) this.#fail(attempt, reason);
  }

  #call(_: unknown, attempt: LiveAttempt): void {
    const { attemptTimeoutMs, judge } = this.#config;
    const fail = (error: unknown): void => this.#fail(attempt, error);
    let answer: Promise<unknown>;
    try {
      // After its time-out an attempt may still answer: that must not be heard. After other cuts the run is over anyway.
      answer =
        attemptTimeoutMs < Number.POSITIVE_INFINITY
          ? guarded(attempt, () => this.#start(attempt))
          : Promise.resolve(this.#start(attempt));
    } catch (error) {
      fail(error);
      return;
    }
    if (judge) this.#judge(judge, answer, attempt, fail);
    // The promise's own `resolve` is the handler: V8 follows that link when it writes an error's stack, up to the caller.
    else (this.#isWatched ? answer.then((value) => this.#passed(attempt, value)) : answer).then(this.#resolve, fail);
  }

  #judge(
    judge: (value: unknown) => boolean | PromiseLike<boolean>,
    answer: Promise<unknown>,
    attempt: LiveAttempt,
    fail: (error: unknown) => void,
  ): void {
    answer.then((value) => this.#ifLive(attempt, () => this.#after(judge(value), this.#judged, attempt, value)), fail);
  }

  #start(attempt: LiveAttempt): unknown {
    const { operation, target, self, args } = this.#inputs;
    return operation ? operation(attempt) : target?.apply(self, args as never);
  }

  #judged(verdict: boolean, attempt: LiveAttempt, value: unknown): void {
    if (Boolean(verdict) === this.#config.accepting) this.#accept(attempt, value);
    else this.#failed(attempt, "result", value);
  }

  #accept(attempt: LiveAttempt, value: unknown): void {
    this.#settle(new Promise((resolve) => resolve(this.#succeeded(attempt, value))));
  }

  #fail(attempt: LiveAttempt, error: unknown): void {
    if (error instanceof Final) this.#settle(Promise.reject(error.error));
    if (this.#live !== attempt) return;
    try {
      this.#failed(attempt, "error", error);
    } catch (own) {
      this.#end(own);
    }
  }

  #failed(attempt: LiveAttempt, kind: Failure["kind"], what: unknown): void {
    const { given } = this.#config;
    const { number } = attempt;
    const elapsedMs = this.#elapsedMs();
    // Written out: a spread costs more than all the rest of this method.
    const failure: Failure =
      kind === "error"
        ? { kind, error: what, attempt: number, elapsedMs }
        : { kind, value: what, attempt: number, elapsedMs };
    this.#rest();
    this.#previous = failure;
    if (isObserved()) tell({ type: "attempt-failed", attempt: number, failure, elapsedMs }, given);
    this.#checkAborted();
    const told = this.#inputs.failed?.(failure);
    if (told === undefined) this.#ask(undefined, failure, attempt, 0);
    else this.#after(told, this.#ask, failure, attempt, 0);
  }

  /** Asks the rules, one after the other; what none of them matches, and results, are the last one's. */
  #ask(_: unknown, failure: Failure, attempt: LiveAttempt, index: number): void {
    const { rules } = this.#config;
    const { kind, error } = failure;
    const isOwnTimeout = attempt.wasCutBy(error);
    const rule = rules[index];
    // An attempt that the deadline cut ends the run; one that its own time-out cut does not.
    if (isOwnTimeout && error instanceof DeadlineError) this.#giveUp(failure, { reason: "deadline" }, true);
    else if (rule && kind === "error") {
      const verdict = rule.verdict(error, attempt);
      if (typeof verdict === "boolean") this.#hear(verdict, failure, attempt, index);
      else this.#after(verdict, this.#hear, failure, attempt, index);
    } else this.#plan(rules[rules.length - 1] as Rule, isOwnTimeout || kind === "result", failure);
  }

  #hear(answer: Verdict | undefined, failure: Failure, attempt: LiveAttempt, index: number): void {
    const verdict = meaningOf(answer, attempt.wasCutBy(failure.error));
    if (verdict === false) this.#ask(undefined, failure, attempt, index + 1);
    else this.#plan(this.#config.rules[index] as Rule, verdict, failure);
  }

  #plan(rule: Rule, verdict: Verdict, failure: Failure): void {
    const { given } = this.#config;
    const isMatched = verdict !== false;
    this.#checkAborted();
    if (isMatched && verdict !== "stop") this.#told?.failed?.(failure);
    const endMs = this.deadlineMs;
    const untilDeadlineMs = endMs === undefined ? Number.POSITIVE_INFINITY : endMs - this.#nowMs();
    const plan = planNext(this, this.#config, rule, verdict, failure, untilDeadlineMs);
    if (typeof plan === "object") this.#giveUp(failure, plan, isMatched);
    // The budget is asked last of all, so that nothing is taken from it for a retry that is not made.
    else if (given.budget) this.#after(given.budget.withdraw(failure), this.#spend, failure, isMatched, plan);
    else this.#spend(true, failure, isMatched, plan);
  }

  #spend(isAffordable: boolean, failure: Failure, isMatched: boolean, delayMs: number): void {
    const { steps } = this.#config;
    if (!isAffordable) this.#giveUp(failure, { reason: "budget-exhausted" }, isMatched);
    else if (steps)
      this.#after(steps.backoff(failure, delayMs, this.#info(failure)), this.#sleep, failure, isMatched, delayMs);
    else this.#sleep(undefined, failure, isMatched, delayMs);
  }

  #sleep(_: unknown, failure: Failure, isMatched: boolean, delayMs: number): void {
    const { given, steps } = this.#config;
    const { attempt, elapsedMs } = failure;
    // The budget and the steps took their time as well.
    if (this.deadlineMs !== undefined && this.#nowMs() + delayMs >= this.deadlineMs) {
      this.#giveUp(failure, { reason: "deadline" }, isMatched);
      return;
    }
    if (given.onRetry || isObserved()) {
      const event = { type: "retry-scheduled", attempt, failure, delayMs, elapsedMs } as const;
      tell(event, given, "onRetry", failure);
    }
    if (steps) this.#inputs.waitedMs = (this.#inputs.waitedMs ?? 0) + delayMs;
    this.#inputs.trace?.waitsMs.push(delayMs);
    this.#checkAborted();
    if (delayMs === 0 && attempt % TURN !== 0) this.begin();
    else this.#wait(delayMs);
  }

  #wait(delayMs: number): void {
    this.#paused = contextNow();
    this.#timer = arm(this.clock, this.#nowMs() + delayMs, this);
  }

  #giveUp(failure: Failure, stop: Stop, isMatched: boolean): void {
    const told = isMatched && this.#config.steps?.giveUp(failure, stop, this.#info(failure));
    const leave = (): void => this.#leave(failure, stop, isMatched);
    if (isLater(told)) this.#later(told, leave, true);
    else leave();
  }

  #leave(failure: Failure, stop: Stop, isMatched: boolean): void {
    const { onGivenUp } = this.#config;
    this.#over(stop);
    const { kind, error, value } = failure;
    if (isMatched && onGivenUp === "undefined") this.#settle(undefined);
    else if (kind === "result" && onGivenUp === "value") this.#settle(value);
    else this.#settle(Promise.reject(kind === "error" ? error : new ResultRejectedError(value, this.#attempts)));
  }

  /** Ends the run with an error that is not the operation's own. */
  #end(error: unknown): void {
    this.#over(this.#endOf(error));
    this.#settle(Promise.reject(error));
  }

  #endOf(error: unknown): Stop {
    const wasAborted = this.#outer?.aborted && this.#outer.reason === error;
    return { reason: wasAborted ? "aborted" : error instanceof DeadlineError ? "deadline" : "not-retryable" };
  }

  #over({ reason, retryAfterMs }: Stop): void {
    const { given } = this.#config;
    const { trace } = this.#inputs;
    const failure = this.#previous;
    this.release();
    if (given.onGiveUp || isObserved()) {
      const shared = { attempts: this.#attempts, elapsedMs: this.#elapsedMs() };
      tell({ type: "run-gave-up", ...shared, reason, failure, retryAfterMs }, given, "onGiveUp", failure);
    }
    if (trace) Object.assign(trace, { reason }, failure && { failure }, retryAfterMs !== undefined && { retryAfterMs });
  }

  /** Runs a part of the run. What it throws, and was not the operation's, is the end. */
  #go(step: () => unknown): void {
    try {
      step();
    } catch (error) {
      this.#end(error);
    }
  }

  #ifLive(attempt: LiveAttempt | undefined, step: () => unknown): void {
    if (this.#live === attempt) this.#go(step);
  }

  /**
   * Goes on with an answer: at once where it is there, for each promise and each function made costs as much as a decision.
   * Where nobody was asked the next step is called by its name: only then does the engine compile the way into one.
   */
  #after<V, A, B, C>(
    value: V | PromiseLike<V>,
    next: (this: RetryRun, value: V, a: A, b: B, c: C) => void,
    a?: A,
    b?: B,
    c?: C,
  ): void {
    if (isLater(value)) this.#later(value, (known: V) => next.call(this, known, a as A, b as B, c as C));
    else next.call(this, value, a as A, b as B, c as C);
  }

  /** Between attempts nothing else listens: whom the run asks there, it waits for no longer than it may last itself. */
  #later<V>(value: PromiseLike<V>, next: (value: V) => void, isOver = false): void {
    const live = this.#live;
    const isAlone = live === undefined && !isOver && (this.deadlineMs ?? this.#outer) !== undefined;
    let isAwaited = true;
    const go = (step: () => unknown): void => {
      if (!isAwaited) return;
      isAwaited = false;
      if (isAlone) this.#rest();
      this.#ifLive(live, step);
    };
    if (isAlone) {
      this.#timer = arm(this.clock, this.deadlineMs ?? Number.POSITIVE_INFINITY, this);
      this.#paused = () =>
        go(() => {
          this.#checkAborted();
          this.#leave(this.#previous as Failure, { reason: "deadline" }, true);
        });
    }
    Promise.resolve(value).then(
      (known) => go(() => next(known)),
      (error: unknown) => go(() => this.#end(error)),
    );
  }

  #checkAborted(): void {
    if (this.#outer?.aborted) throw this.#outer.reason;
  }

  /** The budget of a policy around this one: whoever shares it must not tell it again. */
  get #outerBudget(): Budget | undefined {
    const { options } = this.#inputs;
    return options instanceof LiveAttempt ? options.budget : undefined;
  }

  get #told(): Budget | undefined {
    const { budget } = this.#config.given;
    return budget && budget !== this.#outerBudget ? budget : undefined;
  }

  #info(failure?: Failure): StepInfo {
    const elapsedMs = failure?.elapsedMs ?? this.#elapsedMs();
    const { call = this.#inputs.target && (this.#inputs as Call), waitedMs = 0 } = this.#inputs;
    return { call, attempt: this.#attempts, elapsedMs, waitedMs };
  }

  #deadlineError(): DeadlineError {
    const cause = this.#previous?.error;
    return new DeadlineError(this.#elapsedMs(), this.#attempts, cause === undefined ? undefined : { cause });
  }

  #nowMs(): number {
    return this.clock.nowMs();
  }

  #elapsedMs(): number {
    return this.#nowMs() - this.startedMs;
  }
}

/** An error that came after a success: it ends the run, and is no failure of the attempt. */
class Final {
  constructor(readonly error: unknown) {}
}

function final(error: unknown): never {
  throw new Final(error);
}

function begin(run: RetryRun): void {
  run.begin();
}
