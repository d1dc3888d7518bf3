import type { EmulatorClock } from "./clock.js";

/** A span in which nobody listens, on the clock's time from now. */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A door that can be shut, so that connections are refused, and opened again. */
export interface Door {
  shut(): Promise<void>;
  open(): Promise<void>;
}

/** Shuts the door during each outage, one after the other. Resolves when all are over or the signal is aborted. */
export async function keepOutages(
  outages: readonly Outage[],
  door: Door,
  clock: EmulatorClock,
  signal: AbortSignal,
): Promise<void> {
  const startMs = clock.nowMs();
  const until = async (atMs: number): Promise<boolean> => {
    const waitMs = startMs + atMs - clock.nowMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined);
    return !signal.aborted;
  };
  for (const { fromMs, toMs } of [...outages].sort((a, b) => a.fromMs - b.fromMs)) {
    if (!(await until(fromMs))) return;
    await door.shut();
    await until(toMs);
    // Also when it was called off: whoever calls it off wants the door open, or closes it for good afterwards.
    await door.open();
    if (signal.aborted) return;
  }
}
