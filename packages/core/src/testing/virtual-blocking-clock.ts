import { type Duration, toMs } from "../duration.js";
import type { BlockingClock } from "../sync/blocking-clock.js";
import { startOf, type VirtualClockOptions } from "./virtual-clock.js";

/** A clock for `bide/sync` whose waits are over at once, and are kept. */
export interface VirtualBlockingClock extends BlockingClock {
  /** Every wait so far, in milliseconds. */
  readonly waitsMs: readonly number[];
  /** Lets time go by, as a slow operation does. */
  advance(duration: Duration): void;
}

/**
 * Makes a clock for `bide/sync` that never blocks: a wait moves it on.
 *
 * @throws OptionError for an option that is unknown, or a start that is no finite number.
 */
export function virtualBlockingClock(options: VirtualClockOptions = {}): VirtualBlockingClock {
  const waitsMs: number[] = [];
  let nowMs = startOf(options, "virtualBlockingClock");
  return {
    waitsMs,
    nowMs: () => nowMs,
    sleep(ms) {
      waitsMs.push(ms);
      nowMs += ms;
    },
    advance(duration) {
      nowMs += toMs(duration, "duration");
    },
  };
}
