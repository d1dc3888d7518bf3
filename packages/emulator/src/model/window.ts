import type { Meter } from "./meter.js";

/** What both kinds of windows have in common. */
abstract class Window implements Meter {
  limit: number;
  capacity: number;
  protected readonly periodMs: number;

  constructor(limit: number, capacity: number, periodMs: number) {
    this.limit = limit;
    this.capacity = capacity;
    this.periodMs = periodMs;
  }

  abstract level(nowMs: number): number;
  abstract waitMs(cost: number, nowMs: number): number;
  abstract resetMs(nowMs: number): number;
  abstract take(cost: number, nowMs: number): void;
  abstract give(cost: number, nowMs: number): void;

  burn(cost: number, nowMs: number): void {
    this.take(Math.max(0, Math.min(cost, this.level(nowMs))), nowMs);
  }

  change(limit: number, capacity: number, nowMs: number): void {
    // What has passed by now passed under the old limit.
    this.level(nowMs);
    this.limit = limit;
    this.capacity = capacity;
  }
}

/** A counter that starts again at every multiple of the period, as simple gateways count. */
export class FixedWindow extends Window {
  #window = Number.NEGATIVE_INFINITY;
  #used = 0;

  level(nowMs: number): number {
    this.#roll(nowMs);
    return this.capacity - this.#used;
  }

  waitMs(cost: number, nowMs: number): number {
    if (cost > this.capacity) return Number.POSITIVE_INFINITY;
    const short = cost - this.level(nowMs);
    if (short <= 0) return 0;
    // A late debit can be larger than a whole window; what is over is carried into the next ones.
    const windows = Math.ceil(short / this.capacity);
    return (this.#window + windows) * this.periodMs - nowMs;
  }

  resetMs(nowMs: number): number {
    return this.level(nowMs) >= this.capacity ? 0 : (this.#window + 1) * this.periodMs - nowMs;
  }

  take(cost: number, nowMs: number): void {
    this.#roll(nowMs);
    this.#used += cost;
  }

  give(cost: number, nowMs: number): void {
    this.#roll(nowMs);
    this.#used = Math.max(0, this.#used - cost);
  }

  #roll(nowMs: number): void {
    const window = Math.floor(nowMs / this.periodMs);
    if (window <= this.#window) return;
    const passed = this.#window === Number.NEGATIVE_INFINITY ? 1 : window - this.#window;
    this.#used = Math.max(0, this.#used - this.capacity * passed);
    this.#window = window;
  }
}

/** A window that ends now and looks back one whole period, every request leaving it exactly one period after it came. */
export class SlidingWindow extends Window {
  #entries: { atMs: number; cost: number }[] = [];
  #first = 0;
  #used = 0;

  level(nowMs: number): number {
    this.#forget(nowMs);
    return this.capacity - this.#used;
  }

  waitMs(cost: number, nowMs: number): number {
    if (cost > this.capacity) return Number.POSITIVE_INFINITY;
    let short = cost - this.level(nowMs);
    if (short <= 0) return 0;
    for (let index = this.#first; index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      short -= entry?.cost ?? 0;
      if (entry !== undefined && short <= 0) return entry.atMs + this.periodMs - nowMs;
    }
    return this.periodMs;
  }

  resetMs(nowMs: number): number {
    this.#forget(nowMs);
    const last = this.#entries.at(-1);
    return this.#used <= 0 || last === undefined ? 0 : last.atMs + this.periodMs - nowMs;
  }

  take(cost: number, nowMs: number): void {
    this.#forget(nowMs);
    if (cost === 0) return;
    this.#used += cost;
    const last = this.#entries.at(-1);
    if (last !== undefined && this.#first < this.#entries.length && last.atMs === nowMs) last.cost += cost;
    else this.#entries.push({ atMs: nowMs, cost });
  }

  give(cost: number, nowMs: number): void {
    this.#forget(nowMs);
    let left = cost;
    for (let index = this.#entries.length - 1; index >= this.#first && left > 0; index--) {
      const entry = this.#entries[index];
      if (entry === undefined) break;
      const back = Math.min(left, entry.cost);
      entry.cost -= back;
      this.#used -= back;
      left -= back;
    }
  }

  #forget(nowMs: number): void {
    for (;;) {
      const entry = this.#entries[this.#first];
      if (entry === undefined || entry.atMs + this.periodMs > nowMs) break;
      this.#used -= entry.cost;
      this.#first++;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}
