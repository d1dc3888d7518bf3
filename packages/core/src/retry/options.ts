import type { Budget } from "../budget.js";
import type { Clock } from "../clock.js";
import type { Duration } from "../duration.js";
import type { ErrorClass } from "../error-class.js";
import type { RetryScheduled, RunGaveUp, RunSucceeded } from "../events.js";
import type { Jitter } from "../jitter.js";
import type { Attempt, Failure } from "../outcome.js";
import type { Random } from "../random.js";
import type { Schedule } from "../schedule.js";

export type { ErrorClass };

/** What a function in `on` answers: retry (`true`, or after exactly this wait), or do not (`false`, `"stop"`). */
export type Verdict = boolean | Duration | "stop";

/** Which errors are retried: a class, classes, a guard that narrows, or a function that answers. */
export type On<E = unknown> =
  | ErrorClass<E>
  | readonly ErrorClass<E>[]
  | ((error: unknown, attempt: Attempt) => error is E)
  | ((error: unknown, attempt: Attempt) => Verdict | PromiseLike<Verdict>);

/** The errors that an `on` means: what hooks see of them. A function that answers narrows nothing. */
export type ErrorOf<O> = [Narrowed<O>] extends [never] ? unknown : Narrowed<O>;

type Narrowed<O> =
  O extends ErrorClass<infer E>
    ? E
    : O extends readonly ErrorClass<infer E>[]
      ? E
      : O extends (error: unknown, attempt: Attempt) => error is infer E
        ? E
        : never;

/** How long to wait, and how often: for all failures, or for those of one rule. */
export interface RetryPace {
  /** The waits between attempts. Its end ends the retrying. @default expo({ factor: "500ms", max: "30s" }) */
  readonly schedule?: Schedule | undefined;
  /**
   * Spreads each wait of the schedule, after its cap. `null`: none. Not applied to a wait that `on` answered, nor to a
   * schedule that is random itself. @default fullJitter
   */
  readonly jitter?: Jitter | null | undefined;
  /**
   * Calls in all, the first one included; in a rule, one more than its failures. An integer >= 1, or Infinity.
   * @default 5; Infinity when `schedule` is an array, whose length is the bound then
   */
  readonly maxAttempts?: number | undefined;
}

/** A kind of failures that is tried again at its own pace. */
export interface RetryRule<O = On> extends RetryPace {
  /** Which errors are retried. Attempt time-outs always are. @default isTransient */
  readonly on?: O | undefined;
}

/** Which results are accepted: one judge at most. */
export type ResultJudge<V = unknown> =
  | {
      /** The results that are accepted; others are retried. Excludes `while`. */
      readonly until?: ((value: V) => boolean | PromiseLike<boolean>) | undefined;
      readonly while?: undefined;
    }
  | {
      readonly until?: undefined;
      /** The results that are retried. Excludes `until`. */
      readonly while?: ((value: V) => boolean | PromiseLike<boolean>) | undefined;
    };

/** Options of `retry`: for errors `E` and results `V`. */
export type RetryOptions<E = unknown, V = unknown> = RetryOptionsOn<On<E>, V, E>;

/** Options of `retry` for what its `on` means. */
export type RetryOptionsOn<O, V = unknown, E = ErrorOf<O>> = RetryRule<O> & RetryBounds<E, V> & ResultJudge<V>;

/** Options as they come from outside TypeScript, where nothing excludes anything. */
export interface UncheckedRetryOptions extends RetryRule, RetryBounds {
  readonly until?: ((value: unknown) => boolean | PromiseLike<boolean>) | undefined;
  readonly while?: ((value: unknown) => boolean | PromiseLike<boolean>) | undefined;
}

/** The options of `retry` that a rule does not have, and that do not exclude one another. */
export interface RetryBounds<E = unknown, V = unknown> {
  /** Rules for kinds of errors, each with its own waits and its own count. The first that matches decides; else the options above. */
  readonly rules?: readonly RetryRule[] | undefined;
  /**
   * Bounds when an attempt may *start*, from the start of the run; the last wait is shortened so that one final attempt
   * starts at it. Elapsed time is taken after the attempt. It never cuts an attempt. @default "60s"
   */
  readonly maxTime?: Duration | undefined;
  /**
   * Bounds everything: the running attempt is cut (`DeadlineError`), and a wait that cannot end before it ends the run at
   * once. Where the caller's `deadlineMs` is earlier, that one counts. @default Infinity
   */
  readonly deadline?: Duration | undefined;
  /** The time of one attempt; then it is aborted and retried, under any `on` (`AttemptTimeoutError`). @default Infinity */
  readonly attemptTimeout?: Duration | undefined;
  /**
   * The wait that the server asked for, read from a failure. A floor, with jitter on top, never shortened; one that cannot
   * fit in `maxTime` or `deadline` stops the run with the reason `hint-exceeds-deadline`. What is no duration, and not
   * `undefined`, ends the run with an `OptionError`.
   * @default the error's own `retryAfterMs`, where it is a number
   */
  readonly retryAfter?: ((failure: Failure<E, V>) => Duration | undefined) | undefined;
  /** Asked before each wait; when it says no, the run ends. Share it between policies. @default none */
  readonly budget?: Budget | undefined;
  /** Ends every run of this policy, beside the signal of a single run. */
  readonly signal?: AbortSignal | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** @default Math.random */
  readonly random?: Random | undefined;
  /** For events and logs. */
  readonly name?: string | undefined;
  /** Awaited after the wait, before the next attempt, which it is handed. What it throws ends the run (refresh a token here). */
  readonly beforeRetry?: ((failure: Failure<E, V>, attempt: Attempt) => unknown) | undefined;
  /** Looks on at the start of each attempt. */
  readonly onAttempt?: ((attempt: Attempt) => unknown) | undefined;
  /** Looks on before each wait. */
  readonly onRetry?: ((failure: Failure<E, V>, retry: RetryScheduled) => unknown) | undefined;
  /** Looks on at a success. */
  readonly onSuccess?: ((value: V, success: RunSucceeded) => unknown) | undefined;
  /** Looks on when the run ends without a value; at errors too that `on` does not match. */
  readonly onGiveUp?: ((failure: Failure<unknown, V> | undefined, giveUp: RunGaveUp) => unknown) | undefined;
}

/** The defaults of `retry`: bounded by count and by time, with jitter. */
export const RETRY_DEFAULTS: {
  readonly maxAttempts: 5;
  readonly factor: "500ms";
  readonly max: "30s";
  readonly maxTime: "60s";
  readonly deadline: number;
  readonly attemptTimeout: number;
} = /* @__PURE__ */ Object.freeze({
  maxAttempts: 5,
  factor: "500ms",
  max: "30s",
  maxTime: "60s",
  deadline: Number.POSITIVE_INFINITY,
  attemptTimeout: Number.POSITIVE_INFINITY,
});
