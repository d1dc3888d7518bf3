import { type Clock, defaultClock } from "../clock.js";
import { type Duration, toMs } from "../duration.js";
import { BideError, optionError } from "../errors.js";
import { checkMethods } from "../options.js";

/** What one call of a scripted operation does. Made by {@link ok}, {@link fail}, {@link hang}, {@link slow} and {@link forever}. */
export interface Step<T> {
  readonly kind: "ok" | "fail" | "hang";
  readonly value?: T;
  readonly error?: unknown;
  readonly tookMs?: number;
  readonly clock?: Clock | undefined;
  readonly isForever?: boolean;
}

/** The call resolves to this value. */
export function ok(): Step<undefined>;
export function ok<T>(value: T): Step<T>;
export function ok(value?: unknown): Step<unknown> {
  return { kind: "ok", value };
}

/** The call rejects with this error, with the same object; left out, with a fresh `Error("scripted failure")`. */
export function fail(...error: readonly [error?: unknown]): Step<never> {
  return { kind: "fail", error: error.length > 0 ? error[0] : new Error("scripted failure") };
}

/** The call never settles, whatever its signal says: the worst an operation can do. */
export function hang(): Step<never> {
  return { kind: "hang" };
}

/**
 * The call takes this long before it does what the step says. It heeds the signal of an attempt that it is handed.
 *
 * @param clock @default the default clock at the time of the call; see `withClock`
 */
export function slow<T>(duration: Duration, step: Step<T>, clock?: Clock): Step<T> {
  checkMethods(clock, "clock", ["nowMs", "sleep"], "a clock");
  return { ...step, tookMs: toMs(duration, "duration"), clock };
}

/** This step for every call from here on. Only as the last one. */
export function forever<T>(step: Step<T>): Step<T> {
  return { ...step, isForever: true };
}

/** A function that does what a script says, call by call, and keeps what it was called with. */
export interface Scripted<T> {
  (...args: readonly unknown[]): Promise<T>;
  /** The arguments of each call so far. */
  readonly calls: readonly (readonly unknown[])[];
}

/** A {@link Scripted} that returns and throws at once, as plain functions do. */
export interface ScriptedSync<T> {
  (...args: readonly unknown[]): T;
  /** The arguments of each call so far. */
  readonly calls: readonly (readonly unknown[])[];
}

/** A scripted operation was called more often than its script has steps. */
export class ScriptEndedError extends BideError {
  override readonly code = "BIDE_SCRIPT_ENDED";
  override get name(): "ScriptEndedError" {
    return "ScriptEndedError";
  }
  constructor(readonly steps: number) {
    super(`call ${steps + 1} of a script of ${steps}`);
  }
}

/**
 * An operation that fails and succeeds as told: `scripted(fail(), fail(new RangeError()), ok("x"))`.
 * One call more than there are steps rejects with a {@link ScriptEndedError}.
 */
export function scripted<T>(...steps: readonly Step<T>[]): Scripted<T> {
  const next = script(steps);
  const calls: (readonly unknown[])[] = [];
  const operation = async (...args: readonly unknown[]): Promise<T> => {
    calls.push(args);
    const step = next();
    if (step.kind === "hang") return new Promise<T>(() => undefined);
    if (step.tookMs !== undefined) await (step.clock ?? defaultClock()).sleep(step.tookMs, signalIn(args));
    return settled(step);
  };
  return Object.assign(operation, { calls });
}

/** Like {@link scripted}, for functions that return and throw at once. `hang` and `slow` are not for it. */
export function scriptedSync<T>(...steps: readonly Step<T>[]): ScriptedSync<T> {
  const next = script(steps);
  for (const step of steps) {
    if (step.kind === "hang" || step.tookMs !== undefined) throw optionError("steps", "`ok` or `fail`", step);
  }
  const calls: (readonly unknown[])[] = [];
  const operation = (...args: readonly unknown[]): T => {
    calls.push(args);
    return settled(next());
  };
  return Object.assign(operation, { calls });
}

/** Hands out the steps one by one. @throws OptionError for what is no step, and for `forever` before the last one. */
function script<T>(steps: readonly Step<T>[]): () => Step<T> {
  for (const step of steps) {
    if (typeof step?.kind !== "string")
      throw optionError("steps", "made by `ok`, `fail`, `hang`, `slow` or `forever`", step);
  }
  if (steps.slice(0, -1).some((step) => step.isForever)) throw optionError("steps", "`forever` only at the end", steps);
  let count = 0;
  return () => {
    const step = steps[Math.min(count++, steps.length - 1)];
    if (step === undefined || (count > steps.length && !step.isForever)) throw new ScriptEndedError(steps.length);
    return step;
  };
}

function settled<T>({ kind, error, value }: Step<T>): T {
  if (kind === "fail") throw error;
  return value as T;
}

/** The signal of the attempt that a policy hands to its operation. */
function signalIn([first]: readonly unknown[]): AbortSignal | undefined {
  const signal = typeof first === "object" && first !== null && "signal" in first ? first.signal : undefined;
  return signal instanceof AbortSignal ? signal : undefined;
}
