import { LiveAttempt } from "../attempt.js";
import { DeadlineError, ResultRejectedError } from "../errors.js";
import type { Attempt, Failure, RunOptions, Trace } from "../outcome.js";
import type { Call } from "../policy.js";
import type { RetryConfig, StepInfo } from "../retry/config.js";
import type { Plan, Stop } from "../retry/plan.js";
import { defaultRuling, type Ruling, rulingOf } from "../retry/rule.js";
import { Waits } from "../retry/waits.js";
import { read } from "../schedule.js";
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
  readonly #config: RetryConfig;
  readonly #inputs: SyncRunInputs;
  readonly #startedMs: number;
  readonly #maxTimeMs: number;
  readonly #endMs: number;
  readonly #waits: Waits;
  #attempts = 0;
  #waitedMs = 0;
  #previous: Failure | undefined;

  constructor(config: RetryConfig, inputs: SyncRunInputs) {
    this.#config = config;
    this.#inputs = inputs;
    this.#startedMs = inputs.clock.nowMs();
    this.#maxTimeMs = read(config.maxTimeMs);
    const callersEndMs = inputs.options?.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.#endMs = Math.min(this.#startedMs + read(config.deadlineMs), callersEndMs);
    this.#waits = new Waits(config, read(config.maxAttempts));
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
    const number = ++this.#attempts;
    if (this.#inputs.trace) this.#inputs.trace.attempts++;
    if (number === 1) this.#config.budget?.started?.();
    const deadlineMs = this.#endMs === Number.POSITIVE_INFINITY ? undefined : this.#endMs;
    const attempt = new LiveAttempt(number, this.#previous, deadlineMs, this.#inputs.clock, this.#startedMs);
    this.#config.hooks.attempt(attempt);
    const { beforeRetry } = this.#config;
    const previous = this.#previous;
    if (beforeRetry && previous) {
      this.#final(() => atOnce(beforeRetry(previous, attempt), "beforeRetry", "`beforeRetry`"));
    }
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
    const { accepts } = this.#config;
    if (accepts && !this.#final(() => atOnce(accepts(value), "until", "the judge of results"))) {
      return { failure: { kind: "result", value, attempt: attempt.number, elapsedMs: this.#elapsedMs() } };
    }
    this.#succeeded(value);
    return { value };
  }

  #succeeded(value: unknown): void {
    const { budget, steps, hooks } = this.#config;
    budget?.deposit(this.#attempts > 1, this.#previous);
    if (steps) this.#final(() => steps.success(value, this.#info(this.#attempts, this.#elapsedMs())));
    if (hooks.hearsSuccess) hooks.success(value, this.#attempts, this.#elapsedMs());
  }

  #recover(failure: Failure, attempt: LiveAttempt): { readonly value: unknown } | undefined {
    this.#config.hooks.failed(failure);
    this.#checkAborted(failure);
    const { plan, isMatched } = this.#final(() => this.#decide(failure, attempt), failure);
    const stop = "reason" in plan ? plan : this.#wait(failure, plan.delayMs);
    return stop && this.#giveUp(failure, stop, isMatched);
  }

  #decide(failure: Failure, attempt: LiveAttempt): { plan: Plan; isMatched: boolean } {
    const ruling = this.#rule(failure, attempt);
    const { verdict } = ruling;
    const { budget } = this.#config;
    if (verdict !== false && verdict !== "stop") budget?.failed?.(failure);
    const untilDeadlineMs = this.#endMs - this.#inputs.clock.nowMs();
    const plan = this.#waits.plan(ruling, failure, { maxTimeMs: this.#maxTimeMs, untilDeadlineMs });
    const isAffordable = "reason" in plan || !budget || atOnce(budget.withdraw(failure), "budget", "`budget`");
    return { plan: isAffordable ? plan : { reason: "budget-exhausted" }, isMatched: verdict !== false };
  }

  #rule(failure: Failure, attempt: LiveAttempt): Ruling {
    const { rules } = this.#config;
    if (failure.kind === "result") return defaultRuling(rules, true);
    for (const rule of rules) {
      const ruling = rulingOf(rule, atOnce(rule.verdict(failure.error, attempt), "on", "`on`"), false);
      if (ruling) return ruling;
    }
    return defaultRuling(rules, false);
  }

  #wait(failure: Failure, delayMs: number): Stop | undefined {
    const { steps, hooks } = this.#config;
    const { clock, trace } = this.#inputs;
    if (steps) {
      this.#final(() => steps.backoff(failure, delayMs, this.#info(failure.attempt, failure.elapsedMs)), failure);
      if (clock.nowMs() + delayMs >= this.#endMs) return { reason: "deadline" };
    }
    hooks.retry(failure, delayMs);
    this.#previous = failure;
    this.#waitedMs += delayMs;
    trace?.waitsMs.push(delayMs);
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
    for (const signal of [this.#inputs.options?.signal, this.#config.signal]) {
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
    this.#config.hooks.giveUp(failure, stop, this.#attempts, this.#elapsedMs());
    if (trace === undefined) return;
    trace.reason = stop.reason;
    if (failure) trace.failure = failure;
    if (stop.retryAfterMs !== undefined) trace.retryAfterMs = stop.retryAfterMs;
  }

  #info(attempt: number, elapsedMs: number): StepInfo {
    return { call: this.#inputs.call, attempt, elapsedMs, waitedMs: this.#waitedMs };
  }

  #elapsedMs(): number {
    return this.#inputs.clock.nowMs() - this.#startedMs;
  }
}
