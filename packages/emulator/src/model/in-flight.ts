import type { Meter } from "./meter.js";

/** How many requests may be under way at once; a place is given back when its request ends, whenever that is. */
export class InFlight implements Meter {
  limit: number;
  capacity: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.capacity = limit;
  }

  level(): number {
    return this.capacity - this.#used;
  }

  waitMs(cost: number): number | undefined {
    return cost <= this.level() ? 0 : undefined;
  }

  resetMs(): number {
    return 0;
  }

  take(cost: number): void {
    this.#used += cost;
  }

  /** A refused request holds no place. */
  burn(): void {}

  give(cost: number): void {
    this.#used -= cost;
  }

  change(limit: number, capacity: number): void {
    this.limit = limit;
    this.capacity = capacity;
  }
}
