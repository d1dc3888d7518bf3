import { type Clock, expo } from "bide";
import { UNREACHABLE_AFTER } from "./reachability.js";
import type { Stop } from "./stop.js";

/** Looks are apart as retries are: near at first, then no more than half a minute. */
const LOOKS = { factor: "1s", max: "30s" } as const;

/** What an outage is sat out with. */
export interface OutageParts {
  readonly clock: Clock;
  /** How long it may last. */
  readonly maxMs: number;
  /** Aborted when the run ends for another reason. */
  readonly signal: AbortSignal;
  /** Sends one request. */
  readonly look: () => Promise<void>;
}

/** A time in which no connection comes about: nothing is taken then, but to look whether it is over. */
export class Outage {
  #lost: Stop | undefined;
  /** Requests in a row that no connection came about for. */
  #unreached = 0;
  #isReached = false;

  /** What a run is told that ends by it; absent while there is none. */
  get lost(): Stop | undefined {
    return this.#lost;
  }

  begin(stop: Stop): void {
    this.#lost ??= stop;
  }

  /** Something was answered. */
  reached(): void {
    this.#unreached = 0;
    this.#isReached = true;
  }

  /** No connection came about. @returns Whether that has been so often enough in a row. */
  unreached(): boolean {
    return ++this.#unreached >= UNREACHABLE_AFTER;
  }

  /** Looks again and again until something is answered. @returns `false` when the time was over, or the run ended. */
  async satOut({ clock, maxMs, signal, look }: OutageParts): Promise<boolean> {
    const untilMs = clock.nowMs() + maxMs;
    for (const waitMs of expo(LOOKS)) {
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0 || !(await slept(clock, Math.min(waitMs, leftMs), signal))) return false;
      this.#isReached = false;
      await look();
      if (this.#isReached) break;
    }
    this.#lost = undefined;
    return true;
  }
}

async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch {
    return false;
  }
}
