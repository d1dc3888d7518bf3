import type { Clock } from "bide";
import { startTimer } from "bide/kit";

/**
 * Calls back when the time spent waiting for one event adds up to too much. Only waiting counts, so that a slow reader is
 * no stall; and only events reset it, so that comments keep nobody waiting. Hearing an event costs a look at the clock.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #silent: () => void;
  #spentMs = 0;
  #sinceMs: number | undefined;
  #disarm: (() => void) | undefined;

  constructor(clock: Clock, patienceMs: number, silent: () => void) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#silent = silent;
  }

  /** Waiting begins. */
  begin(): void {
    this.#sinceMs = this.#clock.nowMs();
    if (this.#disarm === undefined) this.#arm(this.#sinceMs + this.#patienceMs - this.#spentMs);
  }

  /** Waiting ends, with an event or without. */
  end(heard: boolean): void {
    const waitedMs = this.#clock.nowMs() - (this.#sinceMs ?? this.#clock.nowMs());
    this.#sinceMs = undefined;
    this.#spentMs = heard ? 0 : this.#spentMs + waitedMs;
  }

  stop(): void {
    this.#disarm?.();
    this.#disarm = undefined;
  }

  #arm(atMs: number): void {
    this.#disarm = startTimer(this.#clock, atMs, () => {
      this.#disarm = undefined;
      if (this.#sinceMs === undefined) return;
      const nowMs = this.#clock.nowMs();
      const leftMs = this.#patienceMs - this.#spentMs - (nowMs - this.#sinceMs);
      if (leftMs > 0) this.#arm(nowMs + leftMs);
      else this.#silent();
    });
  }
}
