import { cancellationIn, guarded, type LiveAttempt } from "./attempt.js";
import { cancellationOf, eitherOf } from "./cancellation.js";
import { defaultClock, startTimer } from "./clock.js";
import { DeadlineError } from "./errors.js";
import { Handover } from "./handover.js";
import type { Attempt, Operation, RunOptions } from "./outcome.js";
import type { Execute, IterateOptions, PolicyCore } from "./policy.js";

interface Opened<T> {
  readonly attempt: LiveAttempt;
  readonly iterator: AsyncIterator<T>;
  readonly first: IteratorResult<T>;
}

/**
 * An async iterable that is opened under a policy. The policy decides until the first item is there; from then on the
 * caller's signal and the deadline still cut the stream, and nothing is tried again.
 */
export function iterateUnder<T>(
  core: Pick<PolicyCore, "execute" | "clock" | "signals">,
  operation: Operation<AsyncIterable<T>>,
  options: IterateOptions | undefined,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () =>
      options?.restart ? restarted(core.execute, operation, options) : committed(core, operation, options),
  };
}

async function* committed<T>(
  { execute, clock = defaultClock(), signals = [] }: Pick<PolicyCore, "execute" | "clock" | "signals">,
  operation: Operation<AsyncIterable<T>>,
  options: RunOptions | undefined,
): AsyncGenerator<T, void, undefined> {
  const { attempt, iterator, first } = await execute((outer) => open(operation, outer), options, undefined, undefined);
  const caller = signals.map(cancellationOf).reduce(eitherOf, cancellationIn(options));
  const cut = (): void => attempt.abort(new DeadlineError(attempt.elapsedMs, attempt.number));
  const stopTimer = startTimer(clock, attempt.deadlineMs ?? Number.POSITIVE_INFINITY, cut);
  const release = caller?.onAbort(() => attempt.abort(caller.reason));
  if (caller?.aborted) attempt.abort(caller.reason);
  let isOpen = true;
  try {
    for (let next = first; !next.done; next = await guarded(attempt, () => iterator.next())) yield next.value;
    isOpen = false;
  } catch (error) {
    isOpen = attempt.aborted;
    throw error;
  } finally {
    stopTimer();
    release?.();
    if (isOpen) await closed(iterator, attempt);
  }
}

/** Opens the stream and waits for its first item, under an attempt that lives as long as the stream. */
async function open<T>(operation: Operation<AsyncIterable<T>>, outer: Attempt): Promise<Opened<T>> {
  const { attempt, release } = (outer as LiveAttempt).fork();
  const iterator = (await operation(attempt))[Symbol.asyncIterator]();
  const first = await iterator.next();
  release();
  return { attempt, iterator, first };
}

/** Lets the source clean up. A source that hangs is not waited for once the stream was cut. */
async function closed(iterator: AsyncIterator<unknown>, attempt: LiveAttempt): Promise<void> {
  const closing = Promise.resolve(iterator.return?.());
  if (attempt.aborted) closing.catch(() => undefined);
  else await closing;
}

/** Runs the whole stream as one operation, handing items over as they come; a retry begins again at the first item. */
async function* restarted<T>(
  execute: Execute,
  operation: Operation<AsyncIterable<T>>,
  options: RunOptions,
): AsyncGenerator<T, void, undefined> {
  const consumer = new AbortController();
  const caller = cancellationIn(options);
  const release = caller?.onAbort(() => consumer.abort(caller.reason));
  if (caller?.aborted) consumer.abort(caller.reason);
  const hand = new Handover<T>();
  const pump = async (attempt: Attempt): Promise<void> => {
    for await (const item of await operation(attempt)) {
      if (attempt.signal.aborted) return;
      await hand.give(item);
    }
  };
  execute(pump, { signal: consumer.signal, deadlineMs: options.deadlineMs }, undefined, undefined).then(
    () => hand.end(),
    (error: unknown) => hand.fail(error),
  );
  try {
    for (let next = await hand.take(); !next.done; next = await hand.take()) yield next.value;
  } finally {
    release?.();
    consumer.abort();
    hand.end();
  }
}
