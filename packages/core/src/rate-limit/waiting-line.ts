import type { Cancellation } from "../cancellation.js";
import { type Timer, TimerQueue, type Waiting } from "../timer-queue.js";
import { amountOf, type Cost } from "./limits.js";
import type { Reservation } from "./reservation.js";

/** One request that waits. */
export class Waiter implements Waiting {
  /** The place in the heap, or -1 when it does not wait (any more). */
  index = -1;
  order = 0;
  /** It was in line before, and was turned away after its admission: it goes before its equals. */
  isAgain = false;
  /** That it waits was told to the listeners. */
  isTold = false;
  /** Neighbours in the order of arrival. */
  earlier: Waiter | undefined;
  later: Waiter | undefined;
  /** The entry among those who have a deadline. */
  timer: Timer | undefined;
  /** Stops listening to the caller's signal. */
  release: (() => void) | undefined;

  get dueMs(): number {
    return -this.priority;
  }

  constructor(
    readonly cost: Cost,
    readonly priority: number,
    readonly sinceMs: number,
    readonly deadlineMs: number | undefined,
    readonly outer: Cancellation | undefined,
    readonly resolve: (reservation: Reservation) => void,
    readonly reject: (reason: unknown) => void,
  ) {}
}

/** Those of one priority, taken together. */
interface Crowd {
  size: number;
  readonly cost: Record<string, number>;
}

/** How many may overtake one who has waited longer than the ageing time, before it is his turn. */
const OVERTAKERS = 9;

/** More than will ever join: who comes again stands before all who do not. */
const AGAIN = 1e15;

/**
 * Who waits: higher priority first, and among equals who came first. Who has waited longer than `ageingMs` is overtaken nine
 * times at most: one admission in ten goes to the oldest then, so that nobody starves, and nobody important waits for more
 * than one of them. Joining and leaving take O(log n), and leave nothing behind.
 */
export class WaitingLine {
  /** By priority: what it calls due is that, upside down. */
  readonly #queue = new TimerQueue<Waiter>();
  readonly #crowds = new Map<number, Crowd>();
  readonly #deadlines = new TimerQueue();
  readonly #ageingMs: number;
  #oldest: Waiter | undefined;
  #youngest: Waiter | undefined;
  #overtaken = 0;
  #joined = 0;

  constructor(ageingMs: number) {
    this.#ageingMs = ageingMs;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** The earliest deadline of all who wait. */
  get firstDeadlineMs(): number {
    return this.#deadlines.first?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Whose turn it is. */
  first(nowMs: number): Waiter | undefined {
    const oldest = this.#oldest;
    return oldest && this.#overtaken >= OVERTAKERS && this.#isOverdue(oldest, nowMs) ? oldest : this.#queue.first;
  }

  /** What those who go before one of this priority cost together. */
  ahead(priority: number): Cost {
    const sum: Record<string, number> = {};
    for (const [other, { cost }] of this.#crowds) {
      if (other < priority) continue;
      for (const currency in cost) sum[currency] = amountOf(sum, currency) + amountOf(cost, currency);
    }
    return sum;
  }

  /** @param expire Called by {@link WaitingLine.expire} with the waiter, which has left then. */
  join(waiter: Waiter, expire: (waiter: Waiter) => void): void {
    waiter.order = waiter.isAgain ? this.#joined++ - AGAIN : this.#joined++;
    waiter.earlier = this.#youngest;
    if (this.#youngest) this.#youngest.later = waiter;
    else this.#oldest = waiter;
    this.#youngest = waiter;
    this.#queue.put(waiter);
    this.#count(waiter, 1);
    if (waiter.deadlineMs === undefined) return;
    waiter.timer = this.#deadlines.add(waiter.deadlineMs, () => {
      this.leave(waiter);
      expire(waiter);
    });
  }

  /** The waiter was admitted. */
  serve(waiter: Waiter, nowMs: number): void {
    const oldest = this.#oldest;
    // Where it is the oldest that is served, leaving begins the count anew.
    if (oldest && this.#isOverdue(oldest, nowMs)) this.#overtaken++;
    this.leave(waiter);
  }

  /** Takes the waiter out. Does nothing when it is out already. */
  leave(waiter: Waiter): void {
    if (waiter.index < 0) return;
    if (waiter === this.#oldest) this.#overtaken = 0;
    this.#unlink(waiter);
    this.#queue.remove(waiter);
    this.#count(waiter, -1);
    if (waiter.timer) this.#deadlines.remove(waiter.timer);
    waiter.release?.();
  }

  /** Takes out everybody whose deadline is not after `atMs`. */
  expire(atMs: number): void {
    for (let timer = this.#deadlines.first; timer && timer.dueMs <= atMs; timer = this.#deadlines.first) timer.fire();
  }

  #isOverdue(waiter: Waiter, nowMs: number): boolean {
    return nowMs - waiter.sinceMs >= this.#ageingMs;
  }

  #unlink(waiter: Waiter): void {
    const { earlier, later } = waiter;
    if (earlier) earlier.later = later;
    else this.#oldest = later;
    if (later) later.earlier = earlier;
    else this.#youngest = earlier;
    waiter.earlier = undefined;
    waiter.later = undefined;
  }

  #count({ priority, cost }: Waiter, sign: 1 | -1): void {
    let crowd = this.#crowds.get(priority);
    if (crowd === undefined) {
      crowd = { size: 0, cost: {} };
      this.#crowds.set(priority, crowd);
    }
    crowd.size += sign;
    for (const currency in cost) {
      crowd.cost[currency] = amountOf(crowd.cost, currency) + sign * amountOf(cost, currency);
    }
    if (crowd.size === 0) this.#crowds.delete(priority);
  }
}
