import type { Clock, Cost, StoreState } from "bide";
import { startTimer } from "bide/kit";

const SOON_MS = 1;
/** A timer is so late without any reason. */
const GRAIN_MS = 2;
/** Calls that are made in one go follow one another so closely. */
const ONE_GO_MS = 10;

/**
 * Watches how late the host is when a lane that was idle begins. Whoever makes a thousand calls in one go keeps the host busy
 * for as long: what was let in meanwhile leaves when that is over, and only then does a full bucket at the server begin to
 * fill again. So nothing comes in here in the meantime, and what was counted all the same is to be taken back. The time by
 * which arrivals are apart is not for that, but for the way.
 */
export class LateStart {
  #sinceMs = Number.NEGATIVE_INFINITY;
  #full: StoreState["currencies"] = {};
  #isWatching = false;

  /** What time it is for the buckets: while it is not known whether the host is free, nothing comes in. */
  timeFor(nowMs: number): number {
    return this.#isWatching ? Math.min(nowMs, this.#sinceMs) : nowMs;
  }

  /**
   * A call is about to be let in. One that is alone is never late; from the second one on, the host is watched.
   *
   * @param takeBack Is handed what came in while the host was busy, if it was.
   */
  watch(state: StoreState, clock: Clock, takeBack: (cost: Cost) => void): void {
    if (this.#isWatching) return;
    const nowMs = clock.nowMs();
    const full = Object.entries(state.currencies).filter(([, { level, burst }]) => level >= burst);
    if (full.length > 0) {
      this.#sinceMs = nowMs;
      this.#full = Object.fromEntries(full);
      return;
    }
    if (nowMs - this.#sinceMs > ONE_GO_MS) return;
    this.#isWatching = true;
    startTimer(clock, nowMs + SOON_MS, () => {
      this.#isWatching = false;
      const lateMs = clock.nowMs() - this.#sinceMs - SOON_MS;
      this.#sinceMs = Number.NEGATIVE_INFINITY;
      if (lateMs > GRAIN_MS) takeBack(cameIn(this.#full, lateMs));
    });
  }
}

function cameIn(currencies: StoreState["currencies"], ms: number): Cost {
  return Object.fromEntries(Object.entries(currencies).map(([name, { limit, perMs }]) => [name, (ms * limit) / perMs]));
}
