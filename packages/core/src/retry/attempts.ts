import type { LiveAttempt } from "../attempt.js";
import { BideError } from "../errors.js";
import { Handover } from "../handover.js";
import type { Attempt, Failure, Operation, RunOptions } from "../outcome.js";
import { checkWrappable } from "../wraps.js";
import type { RetryConfig } from "./config.js";
import { RetryRun } from "./run.js";
import { release } from "./running.js";

/** What came of one attempt of a block. */
export type Tried<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** An attempt of a block: run the block's work in `try`. */
export interface BlockAttempt extends Attempt {
  /**
   * Runs the work as this attempt. Does not throw what the work throws: a failure is the loop's to judge. The loop goes on
   * when the work has ended, whether or not this was awaited.
   *
   * @throws BideError when it is called twice: an attempt has one outcome.
   */
  try<T>(operation: Operation<T>): Promise<Tried<T>>;
}

/** What the run and the loop say to each other, in turn. */
interface Turn {
  readonly attempt?: LiveAttempt;
  readonly failure?: Failure;
  readonly value?: unknown;
}

/** The attempts of one run, as a loop takes them: ends after a success, throws the last failure when given up. */
export async function* attemptsOf(
  config: RetryConfig,
  options: RunOptions | undefined,
): AsyncGenerator<BlockAttempt, void, undefined> {
  const hand = new Handover<Turn>();
  /** Of the turn that was asked last; there is one before the first answer. */
  let answer!: (value: unknown) => void;
  /** Hands a turn to the loop; what the loop answers is the result. */
  const ask = (turn: Turn): Promise<unknown> =>
    new Promise((resolve) => {
      answer = resolve;
      void hand.give(turn);
    });
  const operation = (attempt: Attempt): Promise<unknown> => ask({ attempt: attempt as LiveAttempt });
  const run = new RetryRun(config, { operation, failed: (failure) => ask({ failure }), options });
  run.start().then(
    (value) => hand.give({ value }),
    (error: unknown) => hand.fail(error),
  );
  try {
    for (let failure: Failure | undefined, isFirst = true; isFirst || failure; isFirst = false) {
      if (failure) answer(undefined);
      const { attempt } = (await hand.take()).value as Required<Turn>;
      let turn: Promise<IteratorResult<Turn, undefined>> | undefined;
      // The caller has aborted. That ends the loop; the block need not have awaited its try to hear of it.
      const cut = (error: unknown): Turn => {
        const { number, elapsedMs } = attempt;
        return { failure: { kind: "error", error, attempt: number, elapsedMs } };
      };
      yield Object.assign(attempt, {
        async try<T>(operation: Operation<T>): Promise<Tried<T>> {
          checkWrappable(operation, "operation");
          if (turn !== undefined) throw new BideError("an attempt is tried once");
          answer(new Promise((resolve) => resolve(operation(attempt))));
          turn = hand.take();
          const { failure: failed, value } = await turn.then((taken) => taken.value as Turn, cut);
          return failed ? { ok: false, failure: failed } : { ok: true, value: value as T };
        },
      });
      failure = (await turn)?.value?.failure;
    }
  } finally {
    release(run);
  }
}
