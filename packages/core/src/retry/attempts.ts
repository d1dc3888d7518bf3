import type { LiveAttempt } from "../attempt.js";
import type { Attempt, Failure, Operation, RunOptions } from "../outcome.js";
import type { RetryConfig } from "./config.js";
import { RetryRun } from "./run.js";

/** What came of one attempt of a block. */
export type Tried<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** An attempt of a block: run the block's work in `try`. */
export interface BlockAttempt extends Attempt {
  /** Runs the work as this attempt. Does not throw what the work throws: a failure is the loop's to judge. May be called once. */
  try<T>(operation: Operation<T>): Promise<Tried<T>>;
}

/** The attempts of one run, as a loop takes them: ends after a success, throws the last failure when given up. */
export async function* attemptsOf(
  config: RetryConfig,
  options: RunOptions | undefined,
): AsyncGenerator<BlockAttempt, void, undefined> {
  const run = new RetryRun(config, options, undefined, undefined);
  for (;;) {
    const attempt = run.begin();
    if (attempt.number > 1) await run.beforeRetry(attempt);
    const block = new Block(run, attempt);
    yield block;
    if (block.failure === undefined) return;
    await run.recover(block.failure, attempt);
  }
}

class Block implements BlockAttempt {
  failure: Failure | undefined;
  readonly #run: RetryRun;
  readonly #attempt: LiveAttempt;

  constructor(run: RetryRun, attempt: LiveAttempt) {
    this.#run = run;
    this.#attempt = attempt;
  }

  get number(): number {
    return this.#attempt.number;
  }

  get previous(): Failure | undefined {
    return this.#attempt.previous;
  }

  get deadlineMs(): number | undefined {
    return this.#attempt.deadlineMs;
  }

  get elapsedMs(): number {
    return this.#attempt.elapsedMs;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  async try<T>(operation: Operation<T>): Promise<Tried<T>> {
    let value: T;
    try {
      value = await this.#run.call(operation, this.#attempt);
    } catch (error) {
      this.failure = this.#run.thrown(error);
      return { ok: false, failure: this.failure };
    }
    this.failure = await this.#run.rejected(value);
    if (this.failure !== undefined) return { ok: false, failure: this.failure };
    await this.#run.succeeded(value);
    return { ok: true, value };
  }
}
