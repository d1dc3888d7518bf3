import type { Details, Handler } from "./backoff/details.js";
import { optionError } from "./errors.js";
import type { RetryScheduled } from "./events.js";
import { checkBoolean, checkFunction, checkKeys } from "./options.js";
import type { Failure } from "./outcome.js";

/** How loud a line is: the name of a logger's method. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where lines go: `console` is one, and so are most loggers. It needs the methods of the levels in use. */
export type Logger = { readonly [Level in LogLevel]?: (line: string) => unknown };

/** Options of {@link log}. */
export interface LogOptions {
  /** @default console.error, so that a program's own output stays clean */
  readonly write?: ((line: string) => unknown) | undefined;
  /**
   * Adds the error's message. Providers quote prompts and parts of keys in messages, so say yes only where that may be seen.
   * @default false
   */
  readonly messages?: boolean | undefined;
}

/**
 * A hook for `onRetry`: one line per retry, without arguments, results or messages.
 *
 * @throws OptionError for an option that is unknown or of another kind.
 */
export function log(options: LogOptions = {}): (failure: Failure, retry: RetryScheduled) => void {
  checkKeys(options, ["write", "messages"], "log");
  const { write = console.error, messages = false } = options;
  checkFunction(write, "write");
  checkBoolean(messages, "messages");
  return (failure, { name, attempt, delayMs }) => {
    const message = messages && failure.error instanceof Error ? `: ${failure.error.message}` : "";
    write(`${name ?? "retry"}: attempt ${attempt} failed (${kindOf(failure)}${message}), next in ${seconds(delayMs)}`);
  };
}

/** The default lines of backoff: one per wait, one per giving up. */
export function backoffLogger(
  logger: Logger,
  backoffLevel: LogLevel,
  giveupLevel: LogLevel,
): { readonly backoff: Handler; readonly giveup: Handler } {
  const backoff = writerOf(logger, backoffLevel, "backoffLogLevel");
  const giveup = writerOf(logger, giveupLevel, "giveupLogLevel");
  return {
    backoff: (details) => {
      backoff(`Backing off ${nameOf(details)}(...) for ${seconds(Number(details.waitMs))} (${cause(details)})`);
    },
    giveup: (details) => {
      giveup(`Giving up ${nameOf(details)}(...) after ${details.tries} tries (${cause(details)})`);
    },
  };
}

/** Writes a line, and lets no failure of the logger out: it looks on. */
function writerOf(logger: Logger, level: LogLevel, option: string): (line: string) => void {
  if (typeof logger !== "object") {
    throw optionError("logger", "an object with methods such as `info` and `error`, like console", logger);
  }
  if (typeof logger[level] !== "function") throw optionError(option, "the name of a method of `logger`", level);
  return (line) => {
    try {
      const written: unknown = logger[level]?.(line);
      if (written instanceof Promise) written.catch(() => undefined);
    } catch {
      // There is nobody left to tell.
    }
  };
}

function nameOf({ target }: Details): string {
  return target.name || "anonymous";
}

function cause(details: Details): string {
  return "exception" in details ? errorKind(details.exception) : "result not accepted";
}

function kindOf(failure: Failure): string {
  return failure.kind === "error" ? errorKind(failure.error) : "result not accepted";
}

/** What may be said of any error: its class, its status and its code. Its message may quote a prompt or a key. */
function errorKind(error: unknown): string {
  if (typeof error !== "object" || error === null) return typeof error;
  const { status, code } = error as { readonly status?: unknown; readonly code?: unknown };
  const facts = [status, code].filter(
    (fact) => typeof fact === "number" || (typeof fact === "string" && /^[\w.-]{1,64}$/.test(fact)),
  );
  return [error.constructor?.name ?? "Error", ...facts].join(" ");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
