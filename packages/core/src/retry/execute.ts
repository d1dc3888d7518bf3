import type { Failure, Operation } from "../outcome.js";
import type { Execute } from "../policy.js";
import type { RetryConfig } from "./config.js";
import { RetryRun } from "./run.js";

/** Runs an operation as a retry of this configuration. */
export function executeRetry(config: RetryConfig): Execute {
  return (operation, options, trace, call) => repeat(() => new RetryRun(config, options, trace, call), operation);
}

/** The loop: attempt, look, and either return or recover and go again. */
async function repeat<T>(begun: () => RetryRun, operation: Operation<T>): Promise<T> {
  const run = begun();
  for (;;) {
    const attempt = run.begin();
    const ready = run.beforeRetry(attempt);
    if (ready !== undefined) await ready;
    let value: T | undefined;
    let failure: Failure | undefined;
    try {
      value = await run.call(operation, attempt);
    } catch (error) {
      failure = run.thrown(error);
    }
    if (failure === undefined && run.judgesResults) failure = await run.rejected(value);
    if (failure === undefined) {
      const told = run.succeeded(value);
      if (told !== undefined) await told;
      return value as T;
    }
    const givenUp = await run.recover(failure, attempt);
    if (givenUp !== undefined) return givenUp.value as T;
  }
}

/**
 * A run whose first attempt was made before there was a run: the first one of a wrapped function that nobody watches.
 * A call that succeeds at once then costs no more than a loop written by hand.
 */
export async function resume<T>(run: RetryRun, operation: Operation<T>, error: unknown): Promise<T> {
  await run.recover(run.thrown(error), run.begin());
  return repeat(() => run, operation);
}
