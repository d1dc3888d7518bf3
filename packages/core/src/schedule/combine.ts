import { OptionError } from "../errors.js";
import { checkInteger } from "../options.js";
import type { Failure } from "../outcome.js";
import { begun, checkSchedule, JITTERED, markOf, nextWait, type Progress, type Schedule } from "../schedule.js";

/** A schedule in use: a failure in, the next wait out; `undefined` at the end. */
type NextWait = (failure: Failure) => number | undefined;

/** The first `count` waits of a schedule, and then no more. */
export function take(schedule: Iterable<number>, count: number): Iterable<number>;
export function take(schedule: Schedule, count: number): Schedule;
export function take(schedule: Schedule, count: number): Schedule {
  checkInteger(count, "count", 1, false);
  return combined([schedule], (nexts) => {
    let left = count;
    return (failure) => (left-- > 0 ? waitsOf(nexts, failure)[0] : undefined);
  });
}

/** One schedule to its end, then the next: `concat(take(constant(100), 3), expo())`. */
export function concat(...schedules: readonly Iterable<number>[]): Iterable<number>;
export function concat(...schedules: readonly Schedule[]): Schedule;
export function concat(...schedules: readonly Schedule[]): Schedule {
  return combined(schedules, (nexts) => {
    const left = [...nexts];
    return (failure) => {
      for (let next = left[0]; next; next = left[0]) {
        const waitMs = next(failure);
        if (waitMs !== undefined) return waitMs;
        left.shift();
      }
      return undefined;
    };
  });
}

/** Of several schedules the longest wait each time. Ends as soon as one of them ends. */
export function longest(...schedules: readonly Iterable<number>[]): Iterable<number>;
export function longest(...schedules: readonly Schedule[]): Schedule;
export function longest(...schedules: readonly Schedule[]): Schedule {
  return combined(schedules, (nexts) => (failure) => {
    const waits = waitsOf(nexts, failure);
    return waits.length < nexts.length ? undefined : Math.max(...waits);
  });
}

/** Of several schedules the shortest wait each time. Ends when all of them have ended. */
export function shortest(...schedules: readonly Iterable<number>[]): Iterable<number>;
export function shortest(...schedules: readonly Schedule[]): Schedule;
export function shortest(...schedules: readonly Schedule[]): Schedule {
  return combined(schedules, (nexts) => (failure) => {
    const waits = waitsOf(nexts, failure);
    return waits.length === 0 ? undefined : Math.min(...waits);
  });
}

function waitsOf(nexts: readonly NextWait[], failure: Failure): readonly number[] {
  return nexts.map((next) => next(failure)).filter((waitMs) => waitMs !== undefined);
}

/** What iterables see that are read outside a run: nothing. */
const NO_FAILURE: Failure = { kind: "error", error: undefined, attempt: 0, elapsedMs: 0 };

/** A schedule of schedules: iterable where all its parts are, else a function of the failure. */
function combined(parts: readonly Schedule[], combine: (nexts: readonly NextWait[]) => NextWait): Schedule {
  if (parts.length === 0) throw new OptionError("schedule", "expected at least one schedule to combine, got none");
  for (const part of parts) checkSchedule(part);
  const start = function* (first: Failure): Generator<number, void, Failure | undefined> {
    const next = combine(parts.map(inUse));
    let failure = first;
    for (let waitMs = next(failure); waitMs !== undefined; waitMs = next(failure)) failure = (yield waitMs) ?? failure;
  };
  const isPlain = parts.every((part) => typeof part !== "function");
  return marked(isPlain ? { [Symbol.iterator]: () => start(NO_FAILURE) } : (first) => start(first), parts);
}

function inUse(schedule: Schedule): NextWait {
  let progress: Progress | undefined;
  return (failure) => {
    const now = progress ?? begun(schedule, failure);
    const told = progress === undefined ? undefined : failure;
    progress = typeof now === "number" ? now + 1 : now;
    return nextWait(schedule, now, told);
  };
}

/** Jitter leaves the whole alone where it would leave every part alone. */
function marked(schedule: Schedule, parts: readonly Schedule[]): Schedule {
  const [mark, ...others] = parts.map(markOf);
  return others.every((other) => other === mark) ? Object.assign(schedule, { [JITTERED]: mark }) : schedule;
}
