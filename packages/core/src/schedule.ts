import { durationMs } from "./duration.js";
import { OptionError, optionError } from "./errors.js";
import type { Failure } from "./outcome.js";

/**
 * How long to wait after each failure, in milliseconds. Its end is the end of the retrying.
 *
 * Either any iterable that can be iterated again (an array, `expo()`), or a function that is called at the first failure
 * *with* it and returns an iterator; the later failures arrive through `next(failure)`. No priming call is made.
 */
export type Schedule = Iterable<number> | ((first: Failure) => Iterator<number, void, Failure>);

/** A number of an option, or a function that is read once in each run: by a schedule, at the run's first failure. */
export type Live<T> = T | (() => T);

/** A value now: of a constant itself, of a function what it returns. */
export function read<T extends number | string>(value: Live<T>): T {
  return typeof value === "function" ? value() : value;
}

/** A schedule in use: a failure in, the next wait out; `undefined` at the end. */
export type NextWait = (failure: Failure) => number | undefined;

/** Begins a schedule anew, for one run. */
export function begun(schedule: Schedule): NextWait {
  let waits: Iterator<number, void, Failure> | undefined;
  return (failure) => {
    if (waits === undefined && typeof schedule === "function") {
      waits = iteratorOf(schedule(failure));
      // It has this failure already.
      return waitIn((waits as Iterator<number, void, undefined>).next());
    }
    waits ??= (schedule as Iterable<number>)[Symbol.iterator]();
    return waitIn(waits.next(failure));
  };
}

function iteratorOf(started: unknown): Iterator<number, void, Failure> {
  if (typeof started === "object" && started !== null && "next" in started) return started as Iterator<number>;
  throw optionError("schedule", "a function that returns an iterator of waits", started);
}

function waitIn({ done, value }: IteratorResult<unknown, void>): number | undefined {
  if (done) return undefined;
  if (typeof value !== "number" || durationMs(value) === undefined) {
    throw optionError("schedule", "a source of waits in milliseconds >= 0", value);
  }
  return value;
}

/**
 * The mark of a schedule that jitter leaves alone: always where it is `"random"` already, and unless a jitter was asked for
 * where it is `"exact"`.
 */
export const JITTERED: unique symbol = Symbol.for("bide.jittered") as never;

/** What the mark of a schedule says, where it carries one. */
export function markOf(schedule: Schedule): "random" | "exact" | undefined {
  return (schedule as { readonly [JITTERED]?: "random" | "exact" })[JITTERED];
}

const FACTORY: unique symbol = Symbol.for("bide.schedule-factory") as never;

/** Names a function that makes schedules, so that handing over the function itself, as Python does, is found out. */
export function factory<F extends (...args: never[]) => Schedule>(name: string, make: F): F {
  Object.defineProperty(make, "name", { value: name });
  return Object.assign(make, { [FACTORY]: true });
}

/** @throws OptionError when `schedule` is none, is empty, or is an iterator that only one run could use. */
export function checkSchedule(schedule: Schedule): void {
  if (typeof schedule === "function" && !(FACTORY in schedule)) return;
  if (typeof schedule === "function") {
    throw new OptionError(
      "schedule",
      `expected a schedule, got the function that makes one: call it, \`${schedule.name}()\``,
    );
  }
  if (typeof schedule !== "object" || typeof schedule?.[Symbol.iterator] !== "function") {
    throw optionError("schedule", "an iterable of milliseconds or a function that returns an iterator", schedule);
  }
  if ("next" in schedule) {
    throw new OptionError(
      "schedule",
      "expected `schedule` to be iterable more than once, got an iterator: the first run would drain it for all later ones; " +
        "pass the function that makes it",
    );
  }
  checkWaits(schedule);
}

/** Lists show what they hold before they are used. */
function checkWaits(schedule: Iterable<unknown> & { readonly length?: unknown; readonly size?: unknown }): void {
  if (schedule.length === 0 || schedule.size === 0)
    throw new OptionError("schedule", "expected `schedule` to hold at least one wait, got none");
  for (const wait of Array.isArray(schedule) ? schedule : []) {
    if (typeof wait !== "number" || durationMs(wait) === undefined) {
      throw optionError("schedule", "waits in milliseconds >= 0", wait);
    }
  }
}
