import { type Clock, defaultClock } from "./clock.js";
import { type ErrorMatch, matcherOf } from "./error-class.js";
import { emit, isObserved } from "./events.js";
import { checkKeys } from "./options.js";
import type { ErrorFailure, Operation, RunOptions } from "./outcome.js";
import { Passage } from "./passage.js";
import { makePolicy, type Policy } from "./policy.js";
import { isAbort } from "./transient.js";

/** Options of {@link fallback}. */
export interface FallbackOptions {
  /** Which errors are answered by the fallback. @default all, but those that say the call was aborted */
  readonly on?: ErrorMatch | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** For events. */
  readonly name?: string | undefined;
}

/** What a fallback answers with: a value, or a function that finds one. */
export type Other<X> = X | ((failure: ErrorFailure) => X | PromiseLike<X>);

/**
 * Answers with something else where a call fails. A function is handed the failure, and what it throws is thrown.
 *
 * The end of a run is no failure to answer: after the caller's abort, or when the deadline around has come, nothing more is
 * called. Keeps no state.
 *
 * @throws OptionError for an option that is unknown or out of range.
 */
export function fallback<X>(
  other: (failure: ErrorFailure) => X | PromiseLike<X>,
  options?: FallbackOptions,
): Policy<unknown, X>;
export function fallback<const X>(other: X, options?: FallbackOptions): Policy<unknown, X>;
export function fallback(other: Other<unknown>, options: FallbackOptions = {}): Policy<unknown, unknown> {
  checkKeys(options, ["on", "clock", "name"], "fallback");
  const { on, clock, name } = options;
  const answers = on === undefined ? isAnswered : matcherOf(on, "on");
  const answer = (failure: ErrorFailure): unknown => (typeof other === "function" ? other(failure) : other);
  return makePolicy<unknown, unknown>({
    execute: (operation, runOptions) =>
      answered(operation, runOptions, { answers, answer, clock: clock ?? defaultClock(), name }),
    clock,
    describe: () => ({
      policy: "fallback",
      name,
      summary: `answers ${on === undefined ? "any failure" : "certain failures"} with ${typeof other === "function" ? "what a function finds" : "a value"}`,
      options: { kind: typeof other === "function" ? "function" : "value", on: on !== undefined },
    }),
  });
}

interface Answers {
  readonly answers: (error: unknown) => boolean;
  readonly answer: (failure: ErrorFailure) => unknown;
  readonly clock: Clock;
  readonly name: string | undefined;
}

async function answered<T>(
  operation: Operation<T>,
  options: RunOptions | undefined,
  { answers, answer, clock, name }: Answers,
): Promise<T> {
  const passage = new Passage(options, clock);
  const { attempt } = passage;
  try {
    return await passage.step(() => operation(attempt));
  } catch (error) {
    if (attempt.aborted || !answers(error)) throw error;
    const failure = { kind: "error", error, attempt: attempt.number, elapsedMs: attempt.elapsedMs } as const;
    if (isObserved()) emit({ type: "fallback-used", name, failure });
    return (await passage.step(() => answer(failure))) as T;
  } finally {
    passage.end();
  }
}

function isAnswered(error: unknown): boolean {
  return !isAbort(error);
}
