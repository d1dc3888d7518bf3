import { cancellationIn, guarded, LiveAttempt } from "./attempt.js";
import { cancellationOf, eitherOf, follow } from "./cancellation.js";
import { defaultClock, startTimer } from "./clock.js";
import { Handover } from "./handover.js";
import { OpenStream } from "./open-stream.js";
import type { Attempt, Operation, RunOptions } from "./outcome.js";
import type { IterateOptions, PolicyCore } from "./policy.js";

/**
 * An async iterable that is opened under a policy. The policy decides until the first item is there; from then on the
 * caller's signal and the deadline still cut the stream, and nothing is tried again.
 */
export function iterateUnder<T>(
  core: Iterating,
  operation: Operation<AsyncIterable<T>>,
  options: IterateOptions | undefined,
): AsyncIterable<T> {
  const opened = (): Promise<unknown> => core.execute((outer) => open(operation, outer), options, undefined, undefined);
  return {
    [Symbol.asyncIterator]: () =>
      options?.restart ? restarted(core, operation, options) : passed(core, opened, options),
  };
}

type Iterating = Pick<PolicyCore, "execute" | "clock" | "signals">;

/** Passes on what comes of an answer: a stream, or what a policy that gave up answered with, another one or nothing. */
async function* passed<T>(
  { clock = defaultClock(), signals = [] }: Iterating,
  find: () => Promise<unknown>,
  options: RunOptions | undefined,
): AsyncGenerator<T, void, undefined> {
  const answer = await find();
  if (answer === undefined) return;
  const isOpen = answer instanceof OpenStream;
  const origin = { clock, startedMs: clock.nowMs(), deadlineMs: options?.deadlineMs };
  const attempt = isOpen ? answer.attempt : new LiveAttempt(1, undefined, origin);
  const caller = signals.map(cancellationOf).reduce(eitherOf, cancellationIn(options));
  const cut = (): void => attempt.abort(attempt.overdue());
  const stopTimer = startTimer(clock, attempt.deadlineMs ?? Number.POSITIVE_INFINITY, cut);
  const release = follow(caller, (reason) => attempt.abort(reason));
  let stream: OpenStream<T> | undefined;
  try {
    stream = isOpen
      ? (answer as OpenStream<T>)
      : await guarded(attempt, () => open(() => answer as AsyncIterable<T>, attempt));
    for (let next = stream.first; !next.done; next = await stream.next()) yield next.value;
  } finally {
    stopTimer();
    release();
    await stream?.close();
  }
}

/** Opens the stream and waits for its first item, under an attempt that lives as long as the stream. */
async function open<T>(operation: Operation<AsyncIterable<T>>, outer: Attempt): Promise<OpenStream<T>> {
  const { attempt, release } = (outer as LiveAttempt).fork();
  try {
    const iterator = (await operation(attempt))[Symbol.asyncIterator]();
    const stream = new OpenStream(attempt, iterator, await iterator.next());
    void stream.ended.then(release);
    if (!attempt.aborted) return stream;
    // Nobody waits for it any more.
    await stream.ended;
    throw attempt.reason;
  } catch (error) {
    release();
    throw error;
  }
}

/** Runs the whole stream as one operation, handing items over as they come; a retry begins again at the first item. */
async function* restarted<T>(
  core: Iterating,
  operation: Operation<AsyncIterable<T>>,
  options: RunOptions,
): AsyncGenerator<T, void, undefined> {
  const consumer = new AbortController();
  const caller = cancellationIn(options);
  const release = follow(caller, (reason) => consumer.abort(reason));
  const hand = new Handover<T>();
  const pump = async (attempt: Attempt): Promise<void> => {
    for await (const item of await operation(attempt)) {
      if (attempt.signal.aborted) return;
      await hand.give(item);
    }
  };
  const answer = core.execute(pump, { ...options, signal: consumer.signal }, undefined, undefined);
  answer.then(
    () => hand.end(),
    (error: unknown) => hand.fail(error),
  );
  try {
    for (let next = await hand.take(); !next.done; next = await hand.take()) yield next.value;
    yield* passed<T>(core, () => answer, options);
  } finally {
    release();
    consumer.abort();
    hand.end();
  }
}
