import { OptionError } from "../errors.js";
import { checkInteger } from "../options.js";
import type { Failure } from "../outcome.js";
import { checkSchedule, close, type InUse, JITTERED, markOf, nextWait, type Schedule } from "../schedule.js";

/** A schedule in use, as a part of another. */
interface Part extends InUse {
  readonly schedule: Schedule;
}

/** The wait of a step, of the waits of the parts; `undefined` at the end. Steps are counted from 0. */
type Combine = (parts: readonly Part[], failure: Failure, step: number) => number | undefined;

/** The first `count` waits of a schedule, and then no more. */
export function take(schedule: Iterable<number>, count: number): Iterable<number>;
export function take(schedule: Schedule, count: number): Schedule;
export function take(schedule: Schedule, count: number): Schedule {
  checkInteger(count, "count", 1, false);
  return combined([schedule], (parts, failure, step) => (step < count ? waitsOf(parts, failure)[0] : undefined));
}

/** One schedule to its end, then the next: `concat(take(constant(100), 3), expo())`. */
export function concat(...schedules: readonly Iterable<number>[]): Iterable<number>;
export function concat(...schedules: readonly Schedule[]): Schedule;
export function concat(...schedules: readonly Schedule[]): Schedule {
  return combined(schedules, (parts, failure) => {
    for (const part of parts) {
      const waitMs = nextWait(part, part.schedule, failure);
      if (waitMs !== undefined) return waitMs;
    }
    return undefined;
  });
}

/** Of several schedules the longest wait each time. Ends as soon as one of them ends. */
export function longest(...schedules: readonly Iterable<number>[]): Iterable<number>;
export function longest(...schedules: readonly Schedule[]): Schedule;
export function longest(...schedules: readonly Schedule[]): Schedule {
  return combined(schedules, (parts, failure) => {
    const waits = waitsOf(parts, failure);
    return waits.length < parts.length ? undefined : Math.max(...waits);
  });
}

/** Of several schedules the shortest wait each time. Ends when all of them have ended. */
export function shortest(...schedules: readonly Iterable<number>[]): Iterable<number>;
export function shortest(...schedules: readonly Schedule[]): Schedule;
export function shortest(...schedules: readonly Schedule[]): Schedule {
  return combined(schedules, (parts, failure) => {
    const waits = waitsOf(parts, failure);
    return waits.length === 0 ? undefined : Math.min(...waits);
  });
}

function waitsOf(parts: readonly Part[], failure: Failure): readonly number[] {
  return parts.map((part) => nextWait(part, part.schedule, failure)).filter((waitMs) => waitMs !== undefined);
}

/** What iterables see that are read outside a run: nothing. */
const NO_FAILURE: Failure = { kind: "error", error: undefined, attempt: 0, elapsedMs: 0 };

/** A schedule of schedules: iterable where all its parts are, else a function of the failure. Closes them when it ends. */
function combined(parts: readonly Schedule[], combine: Combine): Schedule {
  if (parts.length === 0) throw new OptionError("schedule", "expected at least one schedule to combine, got none");
  for (const part of parts) checkSchedule(part);
  const start = function* (first: Failure): Generator<number, void, Failure | undefined> {
    const inUse = parts.map((schedule): Part => ({ schedule, progress: undefined }));
    let failure = first;
    try {
      for (let step = 0; ; step++) {
        const waitMs = combine(inUse, failure, step);
        if (waitMs === undefined) return;
        failure = (yield waitMs) ?? failure;
      }
    } finally {
      for (const part of inUse) close(part);
    }
  };
  const isPlain = parts.every((part) => typeof part !== "function");
  return marked(isPlain ? { [Symbol.iterator]: () => start(NO_FAILURE) } : (first) => start(first), parts);
}

/** Jitter leaves the whole alone where it would leave every part alone. */
function marked(schedule: Schedule, parts: readonly Schedule[]): Schedule {
  const [mark, ...others] = parts.map(markOf);
  return others.every((other) => other === mark) ? Object.assign(schedule, { [JITTERED]: mark }) : schedule;
}
