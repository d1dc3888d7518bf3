import type { EmulatorClock } from "../src/index.js";

/** Time that a test moves: sleepers wake in order, each seeing its own time. */
export interface VirtualClock extends EmulatorClock {
  /** Moves on by `ms`, and lets everything that is due happen. */
  advance(ms: number): Promise<void>;
  /** How many sleep. */
  sleepers(): number;
}

/** A clock that stands still until it is told to move on. */
export function virtualClock(startMs = 0): VirtualClock {
  let nowMs = startMs;
  const sleepers = new Map<() => void, number>();
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const wake = (): void => {
        sleepers.delete(wake);
        resolve();
      };
      sleepers.set(wake, nowMs + ms);
      signal?.addEventListener("abort", () => {
        sleepers.delete(wake);
        reject(signal.reason);
      });
    });
  const advance = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms;
    await settle();
    for (;;) {
      const [next] = [...sleepers].filter(([, atMs]) => atMs <= untilMs).sort((a, b) => a[1] - b[1]);
      if (next === undefined) break;
      nowMs = Math.max(nowMs, next[1]);
      next[0]();
      await settle();
    }
    nowMs = untilMs;
  };
  return { nowMs: () => nowMs, sleep, advance, sleepers: () => sleepers.size };
}

/** Lets every promise that can go on do so: bodies are read in a turn of the loop of their own. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
