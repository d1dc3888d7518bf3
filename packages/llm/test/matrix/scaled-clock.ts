import { type Clock, systemClock } from "bide";

/** A clock that stands still until it is started. */
export interface HeldClock extends Clock {
  start(): void;
}

const POLL_MS = 2;

/**
 * A clock on which time passes so many times faster than it does: real sockets, and no long waits. It stands still until it is
 * started, so that nothing depends on how long a loaded machine takes to get there.
 */
export function scaledClock(scale: number): HeldClock {
  let startedMs: number | undefined;
  const nowMs = (): number => (startedMs === undefined ? 0 : (systemClock.nowMs() - startedMs) * scale);
  return {
    nowMs,
    wallNowMs: () => systemClock.wallNowMs() + nowMs(),
    sleep: async (ms, signal) => {
      const untilMs = nowMs() + ms;
      while (startedMs === undefined) await systemClock.sleep(POLL_MS, signal);
      for (let leftMs = untilMs - nowMs(); leftMs > 0; leftMs = untilMs - nowMs())
        await systemClock.sleep(leftMs / scale, signal);
    },
    start: () => {
      startedMs ??= systemClock.nowMs();
    },
  };
}

/** The host's own time, which nobody has to start. */
export const lifelikeClock: HeldClock = {
  nowMs: () => systemClock.nowMs(),
  wallNowMs: () => systemClock.wallNowMs(),
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
  start: () => undefined,
};
