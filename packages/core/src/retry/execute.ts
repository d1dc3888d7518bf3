import type { Execute } from "../policy.js";
import type { RetryConfig } from "./config.js";
import { RetryRun, type RunInputs } from "./run.js";

/** Runs an operation as a retry of this configuration. */
export function executeRetry(config: RetryConfig): Execute {
  return <T>(...[operation, options, trace, call]: Parameters<Execute>): Promise<T> =>
    begun(config, { operation, options, trace, call })[1] as Promise<T>;
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
