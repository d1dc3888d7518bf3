import type { Operation, RunOptions } from "../outcome.js";
import { makePolicy, type Policy } from "../policy.js";
import type { Live } from "../schedule.js";
import { checkWrappable } from "../wraps.js";
import { attemptsOf, type BlockAttempt } from "./attempts.js";
import { RETRY_KEYS, type RetryConfig, retryConfig } from "./config.js";
import { executeRetry } from "./execute.js";
import type { On, RetryOptions, RetryOptionsOn, UncheckedRetryOptions } from "./options.js";
import { retryWrapper } from "./wrapper.js";

/** A policy that retries; a value without state, to be shared freely. */
export interface RetryPolicy<in In = unknown, out Extra = never> extends Policy<In, Extra> {
  /** Another policy, with these options in place of this one's. */
  with<const O extends On = On, V extends In = In>(options: RetryOptionsOn<O, V>): RetryPolicy<V, Extra>;
}

type Deadline = Pick<RunOptions, "deadlineMs">;

/** Options for one run: those of the policy and those of the run. */
export type RunNowOptions<E = unknown, V = unknown> = RetryOptions<E, V> & Deadline;

/** An object that is no function: which of its forms `retry` is called in is plain before the options are looked at. */
interface NoFunction {
  readonly [Symbol.hasInstance]?: undefined;
}

/** See {@link retry}. */
export interface Retry {
  /** A policy: a wrapper, a decorator, and the ways to run. */
  <const O extends On = On, V = unknown>(options?: RetryOptionsOn<O, V> & NoFunction): RetryPolicy<V>;
  /** Runs `operation` now, and again while its failures are transient: with safe defaults, or with these options. */
  <T, const O extends On = On>(operation: Operation<T>, options?: RetryOptionsOn<O, T> & Deadline): Promise<T>;
  /**
   * The attempts of a block, for a loop: `for await (const attempt of retry.attempts()) await attempt.try(work)`.
   * The loop ends after a success; the iterator throws the last failure when the run is given up.
   */
  attempts<const O extends On = On, V = unknown>(
    options?: RetryOptionsOn<O, V> & Deadline,
  ): AsyncIterable<BlockAttempt>;
}

/**
 * Makes a call wait for the right moment and go again.
 *
 * Bounded by count and time, with jitter, unless told otherwise; what finally comes out is the operation's own last error,
 * the same object. Made with options it is a policy, made with an operation it runs at once.
 *
 * @throws OptionError for an option that is unknown or out of range, when the policy is made.
 */
export const retry: Retry = Object.assign(
  {
    retry(first: Operation<unknown> | UncheckedRetryOptions = {}, options: RunNowOptions = {}): unknown {
      if (typeof first !== "function") return retryPolicy(first);
      checkWrappable(first);
      const [config, bounds] = runNow(options);
      return executeRetry(config)(first, bounds, undefined, undefined);
    },
  }.retry,
  {
    attempts: (options: RunNowOptions = {}): AsyncIterable<BlockAttempt> => {
      const now = runNow(options);
      return { [Symbol.asyncIterator]: () => attemptsOf(...now) };
    },
  },
) as unknown as Retry;

const NOW_KEYS: readonly string[] = /* @__PURE__ */ RETRY_KEYS.concat("deadlineMs");

function runNow(options: RunNowOptions): [RetryConfig, RunOptions] {
  return [retryConfig(options, NOW_KEYS), { deadlineMs: options.deadlineMs }];
}

function retryPolicy(options: UncheckedRetryOptions): RetryPolicy<never> {
  const config = retryConfig(options);
  return Object.assign(makePolicy(retryCore(config)), {
    with: (more: UncheckedRetryOptions) => {
      // What is spread is an object afterwards, whatever it was.
      retryConfig(more);
      return retryPolicy({ ...config.given, ...more });
    },
  }) as unknown as RetryPolicy<never>;
}

/** The inside of a policy of this configuration. */
export function retryCore(config: RetryConfig): Parameters<typeof makePolicy>[0] {
  const { given, rules, maxAttempts, maxTimeMs, deadlineMs, attemptTimeoutMs } = config;
  const { clock, signal, budget, name } = given;
  const options = {
    maxAttempts: shown(maxAttempts),
    maxTimeMs: shown(maxTimeMs),
    deadlineMs: shown(deadlineMs),
    attemptTimeoutMs,
    rules: rules.length,
    budget: budget !== undefined,
  };
  return {
    execute: executeRetry(config),
    wrap: retryWrapper(config),
    clock,
    signals: signal && [signal],
    lingers: config.steps !== undefined,
    describe: () => ({ policy: "retry", name, options }),
  };
}

/** An option as plain data: what a function gives is known in each run alone. */
function shown(option: Live<number>): number | "computed" {
  return typeof option === "function" ? "computed" : option;
}
