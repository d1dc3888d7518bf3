import { cancellationOf } from "../src/cancellation.js";
import type { Clock } from "../src/clock.js";
import { sleepOn } from "../src/clock.js";
import { TimerQueue } from "../src/timer-queue.js";

/** Virtual time for simulations of many thousand events: like `virtualClock`, and five times quicker, as it is for Node only. */
export interface QuickClock extends Required<Clock> {
  readonly pending: number;
  /** Moves on to the next timer and fires it, now: in the midst of a tick. */
  moveOn(): void;
  /** Moves on from event to event, as long as there are any before `untilMs`. */
  runUntil(untilMs: number): Promise<void>;
}

/** Makes a {@link QuickClock}. Everything that is due at one moment happens before what follows from it. */
export function quickClock(): QuickClock {
  const queue = new TimerQueue();
  let nowMs = 0;
  const clock: QuickClock = {
    nowMs: () => nowMs,
    wallNowMs: () => nowMs,
    sleep: (ms, signal) => sleepOn(clock, ms, signal && cancellationOf(signal)),
    timer: (atMs, callback) => {
      const timer = queue.add(Math.max(atMs, nowMs), callback);
      return () => queue.remove(timer);
    },
    get pending() {
      return queue.size;
    },
    moveOn: () => {
      const { first } = queue;
      if (first === undefined) return;
      nowMs = first.dueMs;
      queue.remove(first);
      first.fire();
    },
    runUntil: async (untilMs) => {
      await turn();
      for (let next = queue.first; next && next.dueMs <= untilMs; next = queue.first) {
        nowMs = next.dueMs;
        for (let due = queue.first; due && due.dueMs <= nowMs; due = queue.first) {
          queue.remove(due);
          due.fire();
        }
        await turn();
      }
    },
  };
  return clock;
}

/** Ends when every microtask has run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
