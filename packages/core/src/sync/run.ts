import { LiveAttempt } from "../attempt.js";
import { DeadlineError, ResultRejectedError } from "../errors.js";
import { isObserved } from "../events.js";
import type { Attempt, Failure, RunOptions, Trace } from "../outcome.js";
import type { Call } from "../policy.js";
import { type RetryConfig, type RunConfig, readNow, type StepInfo } from "../retry/config.js";
import { tell } from "../retry/hooks.js";
import type { Verdict } from "../retry/options.js";
import type { Plan, Stop } from "../retry/plan.js";
import { meaningOf, type Rule } from "../retry/rule.js";
import { closeAll, planNext, type Usage } from "../retry/waits.js";
import { atOnce, type BlockingClock } from "./blocking-clock.js";

/** What a run is made of, beside its configuration. */
export interface SyncRunInputs {
  readonly clock: BlockingClock;
  readonly options: RunOptions | undefined;
  readonly trace: Trace | undefined;
  readonly call: Call | undefined;
}

/** One run of a retry that blocks: the shell around the same decisions as in `bide`. */
export class SyncRun {
  readonly #config: RunConfig;
  readonly #inputs: SyncRunInputs;
  readonly #startedMs: number;
  readonly #endMs: number;
  readonly #usage: Usage = { failures: 0, progress: undefined, others: undefined };
  #attempts = 0;
  #waitedMs = 0;
  #previous: Failure | undefined;

  constructor(config: RetryConfig, inputs: SyncRunInputs) {
    this.#config = readNow(config);
    this.#inputs = inputs;
    this.#startedMs = inputs.clock.nowMs();
    const callersEndMs = inputs.options?.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.#endMs = Math.min(this.#startedMs + this.#config.deadlineMs, callersEndMs);
  }

  /** The loop: attempt, look, and either return or wait and go again. */
  execute<T>(operation: (attempt: Attempt) => T): T {
    for (;;) {
      const attempt = this.#begin();
      const ended = this.#try(operation, attempt);
      if ("value" in ended) return ended.value;
      const givenUp = this.#recover(ended.failure, attempt);
      if (givenUp) return givenUp.value as T;
    }
  }

  #begin(): LiveAttempt {
    this.#checkAborted();
    if (this.#inputs.clock.nowMs() >= this.#endMs) {
      const cause = this.#previous?.error;
      const error = new DeadlineError(this.#elapsedMs(), this.#attempts, cause === undefined ? undefined : { cause });
      throw this.#ended({ reason: "deadline" }, error);
    }
    const number = this.#attempts + 1;
    if (number === 1) this.#config.given.budget?.started?.();
    const deadlineMs = this.#endMs === Number.POSITIVE_INFINITY ? undefined : this.#endMs;
    const attempt = new LiveAttempt(number, this.#previous, {
      clock: this.#inputs.clock,
      startedMs: this.#startedMs,
      deadlineMs,
    });
    const { given } = this.#config;
    if (given.onAttempt || isObserved()) {
      tell({ type: "attempt-started", attempt: number }, given, "onAttempt", attempt);
    }
    const { beforeRetry } = given;
    const previous = this.#previous;
    if (beforeRetry && previous) {
      this.#final(() => atOnce(beforeRetry(previous, attempt), "beforeRetry", "`beforeRetry`"));
    }
    // A hook may have aborted.
    this.#checkAborted();
    this.#attempts = number;
    if (this.#inputs.trace) this.#inputs.trace.attempts++;
    return attempt;
  }

  #try<T>(operation: (attempt: Attempt) => T, attempt: LiveAttempt): { value: T } | { failure: Failure } {
    let value: T;
    try {
      value = operation(attempt);
    } catch (error) {
      return { failure: { kind: "error", error, attempt: attempt.number, elapsedMs: this.#elapsedMs() } };
    }
    const name = this.#inputs.call?.target.name || "the operation";
    this.#final(() => atOnce(value, "fn", name));
    const { judge, accepting } = this.#config;
    const answer = judge && this.#final(() => atOnce(judge(value), "until", "the judge of results"));
    if (judge && Boolean(answer) !== accepting) {
      return { failure: { kind: "result", value, attempt: attempt.number, elapsedMs: this.#elapsedMs() } };
    }
    this.#succeeded(value);
    return { value };
  }

  #succeeded(value: unknown): void {
    const { given, steps } = this.#config;
    closeAll(this.#usage);
    given.budget?.deposit(this.#attempts > 1, this.#previous);
    if (steps) this.#final(() => steps.success(value, this.#info(this.#attempts, this.#elapsedMs())));
    if (given.onSuccess || isObserved()) {
      const [attempts, elapsedMs] = [this.#attempts, this.#elapsedMs()];
      tell({ type: "run-succeeded", attempts, elapsedMs }, given, "onSuccess", value);
    }
  }

  #recover(failure: Failure, attempt: LiveAttempt): { readonly value: unknown } | undefined {
    const { given } = this.#config;
    if (isObserved()) {
      const { attempt: number, elapsedMs } = failure;
      tell({ type: "attempt-failed", attempt: number, failure, elapsedMs }, given);
    }
    this.#checkAborted(failure);
    const { plan, isMatched } = this.#final(() => this.#decide(failure, attempt), failure);
    // Who was asked may have aborted: nobody sleeps for an attempt that will not be made.
    this.#checkAborted(failure);
    const stop = typeof plan === "object" ? plan : this.#wait(failure, plan);
    return stop && this.#giveUp(failure, stop, isMatched);
  }

  #decide(failure: Failure, attempt: LiveAttempt): { plan: Plan; isMatched: boolean } {
    const [rule, verdict] = this.#rule(failure, attempt);
    const { given } = this.#config;
    const { budget } = given;
    if (verdict !== false && verdict !== "stop") budget?.failed?.(failure);
    const untilDeadlineMs = this.#endMs - this.#inputs.clock.nowMs();
    const plan = planNext(this.#usage, this.#config, rule, verdict, failure, untilDeadlineMs);
    const isAffordable = typeof plan === "object" || !budget || atOnce(budget.withdraw(failure), "budget", "`budget`");
    return { plan: isAffordable ? plan : { reason: "budget-exhausted" }, isMatched: verdict !== false };
  }

  #rule(failure: Failure, attempt: LiveAttempt): [Rule, Verdict] {
    const { rules } = this.#config;
    const isResult = failure.kind === "result";
    for (const rule of isResult ? [] : rules) {
      const verdict = meaningOf(atOnce(rule.verdict(failure.error, attempt), "on", "`on`"), false);
      if (verdict !== false) return [rule, verdict];
    }
    return [rules[rules.length - 1] as Rule, isResult];
  }

  #wait(failure: Failure, delayMs: number): Stop | undefined {
    const { steps, given } = this.#config;
    const { clock, trace } = this.#inputs;
    if (steps) {
      this.#final(() => steps.backoff(failure, delayMs, this.#info(failure.attempt, failure.elapsedMs)), failure);
      if (clock.nowMs() + delayMs >= this.#endMs) return { reason: "deadline" };
    }
    if (given.onRetry || isObserved()) {
      const { attempt, elapsedMs } = failure;
      tell({ type: "retry-scheduled", attempt, failure, delayMs, elapsedMs }, given, "onRetry", failure);
    }
    this.#previous = failure;
    this.#waitedMs += delayMs;
    trace?.waitsMs.push(delayMs);
    this.#checkAborted();
    const slept: unknown = clock.sleep(delayMs);
    this.#final(() => atOnce(slept, "clock", "the clock's `sleep`"));
    return undefined;
  }

  #giveUp(failure: Failure, stop: Stop, isMatched: boolean): { readonly value: unknown } {
    const { steps, onGivenUp } = this.#config;
    if (isMatched && steps) {
      this.#final(() => steps.giveUp(failure, stop, this.#info(failure.attempt, failure.elapsedMs)), failure);
    }
    this.#end(stop, failure);
    if (isMatched && onGivenUp === "undefined") return { value: undefined };
    if (failure.kind === "error") throw failure.error;
    if (onGivenUp === "value") return { value: failure.value };
    throw new ResultRejectedError(failure.value, this.#attempts);
  }

  /** Nothing aborts while this thread blocks; but the operation, or another before this run, may have. */
  #checkAborted(failure: Failure | undefined = this.#previous): void {
    for (const signal of [this.#inputs.options?.signal, this.#config.given.signal]) {
      if (signal?.aborted) throw this.#ended({ reason: "aborted" }, signal.reason, failure);
    }
  }

  /** Runs a part of the run that is neither the operation nor an onlooker: what it throws is the end. */
  #final<T>(part: () => T, failure?: Failure): T {
    try {
      return part();
    } catch (error) {
      throw this.#ended({ reason: "not-retryable" }, error, failure);
    }
  }

  #ended(stop: Stop, error: unknown, failure: Failure | undefined = this.#previous): unknown {
    this.#end(stop, failure);
    return error;
  }

  #end(stop: Stop, failure: Failure | undefined): void {
    const { trace } = this.#inputs;
    const { given } = this.#config;
    closeAll(this.#usage);
    if (given.onGiveUp || isObserved()) {
      const shared = { attempts: this.#attempts, elapsedMs: this.#elapsedMs() };
      tell({ type: "run-gave-up", ...shared, ...stop, failure }, given, "onGiveUp", failure);
    }
    if (trace) Object.assign(trace, stop, { failure });
  }

  #info(attempt: number, elapsedMs: number): StepInfo {
    return { call: this.#inputs.call, attempt, elapsedMs, waitedMs: this.#waitedMs };
  }

  #elapsedMs(): number {
    return this.#inputs.clock.nowMs() - this.#startedMs;
  }
}
