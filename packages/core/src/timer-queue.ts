/** What waits in a {@link TimerQueue}. */
export interface Waiting {
  /** The place in the heap, or -1 when it does not wait (any more). */
  index: number;
  readonly dueMs: number;
  /** Decides among those that are due together. */
  readonly order: number;
}

/** One moment that somebody waits for. Made by {@link TimerQueue.add}. */
export interface Timer<F = () => void> extends Waiting {
  /** What to do then, or whom to tell. */
  readonly fire: F;
}

/** A heap of what is due: earliest first, and among equals the one that was added first. Knows no clock. */
export class TimerQueue<T extends Waiting = Timer> {
  readonly #heap: T[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  get first(): T | undefined {
    return this.#heap[0];
  }

  add<F>(this: TimerQueue<Timer<F>>, dueMs: number, fire: F): Timer<F> {
    const timer = { index: -1, dueMs, order: this.#added++, fire };
    this.put(timer);
    return timer;
  }

  /** Lets something wait that knows its order. */
  put(waiting: T): void {
    this.#settle(waiting, this.#heap.length);
  }

  /** Takes a timer out, in O(log n). Does nothing when it is out already. */
  remove(timer: T): void {
    const { index } = timer;
    if (index < 0) return;
    timer.index = -1;
    const last = this.#heap.pop() as T;
    if (last !== timer) this.#settle(last, index);
  }

  /** Puts a timer where it belongs: up or down from a place that is free. */
  #settle(timer: T, free: number): void {
    const heap = this.#heap;
    let index = free;
    for (;;) {
      let other = index > 0 ? heap[(index - 1) >> 1] : undefined;
      if (other === undefined || !isBefore(timer, other)) {
        const right = heap[2 * index + 2];
        other = heap[2 * index + 1];
        if (other && right && isBefore(right, other)) other = right;
        if (other === undefined || !isBefore(other, timer)) break;
      }
      const { index: place } = other;
      heap[index] = other;
      other.index = index;
      index = place;
    }
    heap[index] = timer;
    timer.index = index;
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
