import type { Operation, RunOptions, Trace } from "../outcome.js";
import type { Call, Execute } from "../policy.js";
import type { RetryConfig } from "./config.js";
import { RetryRun } from "./run.js";

/** Runs an operation as a retry of this configuration. */
export function executeRetry(config: RetryConfig): Execute {
  return <T>(
    operation: Operation<T>,
    options: RunOptions | undefined,
    trace: Trace | undefined,
    call: Call | undefined,
    isPrompt?: boolean,
  ): Promise<T> => {
    if (isPrompt && config.judge === undefined)
      return new RetryRun(config, { operation, options, trace, call }).prompt();
    let run: RetryRun | undefined;
    const settled = new Promise<T>((resolve) => {
      run = new RetryRun(config, { operation, options, trace, call }, resolve as (value: unknown) => void);
      run.begin();
    });
    return run?.ended(settled) ?? settled;
  };
}
