import { type Clock, systemClock } from "bide";

/** A clock on which time passes so many times faster than it does: real sockets, and no long waits. */
export function scaledClock(scale: number): Clock {
  const nowMs = (): number => systemClock.nowMs() * scale;
  return {
    nowMs,
    wallNowMs: () => systemClock.wallNowMs() + nowMs(),
    sleep: async (ms, signal) => {
      const untilMs = nowMs() + ms;
      for (let leftMs = ms; leftMs > 0; leftMs = untilMs - nowMs()) await systemClock.sleep(leftMs / scale, signal);
    },
  };
}
