import type { Operation, RunOptions, Trace } from "../outcome.js";
import type { Call, Execute } from "../policy.js";
import type { RetryConfig } from "./config.js";
import { RetryRun } from "./run.js";
import type { RunInputs } from "./running.js";

/** Runs an operation as a retry of this configuration. */
export function executeRetry(config: RetryConfig): Execute {
  return <T>(
    operation: Operation<T>,
    options: RunOptions | undefined,
    trace: Trace | undefined,
    call: Call | undefined,
    isPrompt?: boolean,
  ): Promise<T> => begun(config, { operation, options, trace, call }, isPrompt);
}

/** The promise of a run. An option that is a function may throw when it is read: that is a rejection too. */
export function begun<T>(config: RetryConfig, inputs: RunInputs, isPrompt?: boolean): Promise<T> {
  try {
    const run = new RetryRun(config, inputs);
    return isPrompt && config.judge === undefined ? run.prompt() : run.start();
  } catch (error) {
    return Promise.reject(error);
  }
}
