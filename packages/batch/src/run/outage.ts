import { type Clock, expo } from "bide";

/** Looks are apart as retries are: near at first, then no more than half a minute. */
const LOOKS = { factor: "1s", max: "30s" } as const;

/** What an outage is sat out with. */
export interface OutageParts {
  readonly clock: Clock;
  /** How long it may last. */
  readonly maxMs: number;
  /** Aborted when the run ends for another reason. */
  readonly signal: AbortSignal;
  /** Tries whether a connection comes about. */
  readonly look: () => Promise<boolean>;
}

/** Waits until the endpoint is back. @returns Whether it is: `false` when the time was over, or the run ended. */
export async function satOut({ clock, maxMs, signal, look }: OutageParts): Promise<boolean> {
  const untilMs = clock.nowMs() + maxMs;
  for (const waitMs of expo(LOOKS)) {
    const leftMs = untilMs - clock.nowMs();
    if (leftMs <= 0 || signal.aborted) return false;
    try {
      await clock.sleep(Math.min(waitMs, leftMs), signal);
    } catch {
      return false;
    }
    if (await look()) return true;
  }
  return false;
}
