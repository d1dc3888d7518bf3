import { OptionError, optionError } from "./errors.js";
import type { Failure } from "./outcome.js";

/**
 * How long to wait after each failure, in milliseconds. Its end is the end of the retrying.
 *
 * Either any iterable that can be iterated again (an array, `expo()`), or a function that is called at the first failure
 * *with* it and returns an iterator; the later failures arrive through `next(failure)`. No priming call is made.
 *
 * An iterator that has not ended when its run does is closed (`return()`), as by a loop that is left; what that throws is
 * dropped, and what it returns is not waited for.
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

/** A schedule in use. */
export interface InUse {
  /** `undefined`: it has not begun. */
  progress: Progress | undefined;
}

/** The progress of what has ended, or was closed: past the end of any list, and nothing that could be closed. */
const OVER = Number.POSITIVE_INFINITY;

/** Begins a schedule anew, for one run. @throws OptionError for a function that returns no iterator. */
function begun(schedule: Schedule, first: Failure): Progress {
  if (Array.isArray(schedule)) return 0;
  const waits = typeof schedule === "function" ? schedule(first) : schedule[Symbol.iterator]();
  if (typeof waits?.next === "function") return waits as Iterator<number, void, undefined>;
  throw optionError("schedule", "a function that returns an iterator of waits", waits);
}

/** The next wait of a schedule; `undefined` at the end. It begins with the first failure, and is told of each later one. */
export function nextWait(inUse: InUse, schedule: Schedule, failure: Failure): number | undefined {
  const isFirst = inUse.progress === undefined;
  inUse.progress ??= begun(schedule, failure);
  const { progress } = inUse;
  let value: unknown;
  if (typeof progress === "number") {
    value = (schedule as readonly number[])[progress];
    inUse.progress = progress + 1;
  } else {
    const next = progress.next(isFirst ? undefined : failure);
    if (next.done) inUse.progress = OVER;
    else value = next.value ?? null;
  }
  return value === undefined ? value : waitOf(value);
}

/** Leaves a schedule before its end, as a loop does that is left. What it throws changes nothing any more. */
export function close(inUse: InUse): void {
  const { progress } = inUse as Closable;
  inUse.progress = OVER;
  try {
    progress?.return?.();
  } catch {}
}

/** The same, as one that may have something to close: iterators may hold something until they end. */
export interface Closable {
  readonly progress?: Partial<Iterator<number>>;
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
  if (next) {
    refuse(
      "`schedule` to be iterable more than once, got an iterator: one run would drain it; pass the function that makes it",
    );
  }
  if (typeof schedule !== "object" || typeof iterator !== "function") {
    throw optionError("schedule", "an iterable of milliseconds or a function that returns an iterator", schedule);
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
