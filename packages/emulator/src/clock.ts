/** Where the emulator takes its time from, so that tests can run it on virtual time. */
export interface EmulatorClock {
  /** Milliseconds that never go back. */
  nowMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Milliseconds since 1970, for dates on the wire. @default a fixed day plus `nowMs()` */
  wallNowMs?(): number;
}

/** The host's clock. */
export const hostClock: EmulatorClock = {
  nowMs: () => performance.now(),
  wallNowMs: () => Date.now(),
  sleep: hostSleep,
};

/** The longest delay that host timers keep; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function hostSleep(ms: number, signal?: AbortSignal): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= LONGEST_TIMER_MS) {
    await hostTimer(Math.min(leftMs, LONGEST_TIMER_MS), signal);
  }
}

function hostTimer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
