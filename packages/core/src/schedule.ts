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

/** How far a schedule was used: a place in a list, or what gives the waits. */
export type Progress = number | Iterator<number, void, Failure | undefined>;

/** Begins a schedule anew, for one run. @throws OptionError for a function that returns no iterator. */
export function begun(schedule: Schedule, first: Failure): Progress {
  if (Array.isArray(schedule)) return 0;
  const waits: unknown = typeof schedule === "function" ? schedule(first) : schedule[Symbol.iterator]();
  if (typeof waits === "object" && waits !== null && "next" in waits) return waits as Iterator<number, void, undefined>;
  throw optionError("schedule", "a function that returns an iterator of waits", waits);
}

/** The next wait of a schedule that was begun; `undefined` at the end. @param failure None for the first: it began with it. */
export function nextWait(schedule: Schedule, progress: Progress, failure: Failure | undefined): number | undefined {
  let value: unknown;
  if (typeof progress === "number") value = (schedule as readonly number[])[progress];
  else {
    const next = progress.next(failure);
    if (!next.done) value = next.value ?? null;
  }
  return value === undefined ? value : waitOf(value);
}

function waitOf(value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw optionError("schedule", "waits in milliseconds >= 0", value);
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

/** Marks a function that makes schedules, so that handing over the function itself, as Python does, is found out. */
export function factory<F extends (...args: never[]) => Schedule>(name: string, make: F): F {
  return Object.defineProperties(make, { [FACTORY]: { value: name }, name: { value: name } });
}

/** @throws OptionError when `schedule` is none, is empty, or is an iterator that only one run could use. */
export function checkSchedule(schedule: Schedule): void {
  const { [Symbol.iterator]: iterator, [FACTORY]: name, next, length, size } = Object(schedule) as Candidate;
  if (name) refuse(`a schedule, got the function that makes one: call it, \`${name}()\``);
  if (typeof schedule === "function") return;
  if (typeof schedule !== "object" || typeof iterator !== "function") {
    throw optionError("schedule", "an iterable of milliseconds or a function that returns an iterator", schedule);
  }
  if (next) {
    refuse(
      "`schedule` to be iterable more than once, got an iterator: the first run would drain it for all later ones; " +
        "pass the function that makes it",
    );
  }
  if (length === 0 || size === 0) refuse("`schedule` to hold at least one wait, got none");
  // Lists show what they hold before they are used.
  if (Array.isArray(schedule)) schedule.forEach(waitOf);
}

/** What a schedule might be. */
interface Candidate {
  readonly [Symbol.iterator]?: unknown;
  readonly [FACTORY]?: string;
  readonly next?: unknown;
  readonly length?: unknown;
  readonly size?: unknown;
}

function refuse(expected: string): never {
  throw new OptionError("schedule", `expected ${expected}`);
}
