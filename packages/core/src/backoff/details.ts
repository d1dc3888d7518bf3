import { optionError } from "../errors.js";
import { backoffLogger, type Logger, type LogLevel } from "../log.js";
import type { Failure, Reason } from "../outcome.js";
import type { Call } from "../policy.js";
import type { StepInfo, Steps } from "../retry/config.js";
import type { AnyFunction } from "../wrapped.js";

/** What a handler is told. One object per event, shared by that event's handlers, in their order. */
export interface Details {
  /** The function that was wrapped. */
  readonly target: AnyFunction;
  /** What it was called with; frozen, so that no handler changes the next call. */
  readonly args: readonly unknown[];
  /** What `this` was in the call. */
  readonly self: unknown;
  /** Calls made so far, this one included. */
  readonly tries: number;
  /** Milliseconds since the first call began, taken after this attempt. */
  readonly elapsedMs: number;
  /** The sum of all waits so far, in milliseconds; without the one to come. */
  readonly waitedMs: number;
  /** The wait to come, in milliseconds; only for `onBackoff`. */
  readonly waitMs?: number;
  /** The result, where there is one. */
  readonly value?: unknown;
  /** The error, where there is one. */
  readonly exception?: unknown;
  /** Why the calls are given up; only for `onGiveup`. `not-retryable` says that `giveup` said so. */
  readonly reason?: Exclude<Reason, "success">;
}

/** Awaited, in order, before the run goes on. What it throws ends the run. */
export type Handler = (details: Details) => unknown;

/** One handler or several. */
export type Handlers = Handler | Iterable<Handler>;

/** The options that hear of a run. */
export interface HandlerOptions {
  readonly onSuccess?: Handlers | undefined;
  /** Before each wait. */
  readonly onBackoff?: Handlers | undefined;
  /** When the calls are given up; not for errors that were never to be retried. */
  readonly onGiveup?: Handlers | undefined;
  /** Where one line per wait and per giving up goes; `console` is one. What it throws changes nothing. @default null */
  readonly logger?: Logger | null | undefined;
  /** The logger's method for the line of a wait. @default "info" */
  readonly backoffLogLevel?: LogLevel | undefined;
  /** The logger's method for the line of giving up. @default "error" */
  readonly giveupLogLevel?: LogLevel | undefined;
}

/** How the handlers of one event are called: awaited one after the other, or, in the blocking twin, not. */
export type Teller = (handlers: readonly Handler[], details: Details) => unknown;

/** The steps of a run that these options make. @throws OptionError for a handler that is no function. */
export function stepsOf(options: HandlerOptions, tell: Teller): Steps {
  const { onSuccess, onBackoff, onGiveup, logger, backoffLogLevel = "info", giveupLogLevel = "error" } = options;
  const log = logger == null ? undefined : backoffLogger(logger, backoffLogLevel, giveupLogLevel);
  const success = listOf("onSuccess", onSuccess);
  const backoff = [...(log ? [log.backoff] : []), ...listOf("onBackoff", onBackoff)];
  const giveUp = [...(log ? [log.giveup] : []), ...listOf("onGiveup", onGiveup)];
  return {
    success: (value, run) => tell(success, { ...told(run), value }),
    backoff: (failure, waitMs, run) => tell(backoff, { ...told(run), waitMs, ...seen(failure) }),
    giveUp: (failure, { reason }, run) => tell(giveUp, { ...told(run), reason, ...seen(failure) }),
  };
}

function listOf(option: string, given: Handlers | undefined): readonly Handler[] {
  if (given === undefined) return [];
  const isList = typeof given === "object" && given !== null && Symbol.iterator in given;
  const list = isList ? [...given] : [given as Handler];
  for (const handler of list) {
    if (typeof handler !== "function") throw optionError(option, "a function or a list of them", handler);
  }
  return list;
}

function told({ call, attempt, elapsedMs, waitedMs }: StepInfo): Details {
  // What `run` calls has no name. The prototype of functions is one that does nothing.
  const { target = Function.prototype as AnyFunction, args = [], self } = call ?? ({} as Partial<Call>);
  return { target, args: Object.freeze(args), self, tries: attempt, elapsedMs, waitedMs };
}

function seen(failure: Failure): Pick<Details, "exception"> | Pick<Details, "value"> {
  return failure.kind === "error" ? { exception: failure.error } : { value: failure.value };
}
