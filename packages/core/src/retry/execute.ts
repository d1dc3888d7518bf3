import type { Operation, RunOptions, Trace } from "../outcome.js";
import type { Call, Execute } from "../policy.js";
import type { RetryConfig } from "./config.js";
import { RetryRun, type RunInputs } from "./run.js";

/** Runs an operation as a retry of this configuration. */
export function executeRetry(config: RetryConfig): Execute {
  return <T>(
    operation: Operation<T>,
    options: RunOptions | undefined,
    trace: Trace | undefined,
    call: Call | undefined,
  ): Promise<T> => {
    const [, ended] = begun(config, { operation, options, trace, call });
    return ended as Promise<T>;
  };
}

/** Begins a run, and says what comes of it. */
export function begun(config: RetryConfig, inputs: RunInputs): [run: RetryRun | undefined, ended: Promise<unknown>] {
  let run: RetryRun | undefined;
  const ended = new Promise((resolve) => {
    run = new RetryRun(config, inputs, resolve);
    run.begin();
  });
  return [run, run?.hearsSuccess ? ended.then((value) => run?.succeeded(value)) : ended];
}
