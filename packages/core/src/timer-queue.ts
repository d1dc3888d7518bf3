/** One moment that somebody waits for. Made by {@link TimerQueue.add}. */
export interface Timer {
  /** The place in the heap, or -1 when it no longer waits. */
  index: number;
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/** A heap of timers: earliest first, and among equals the one that was added first. Knows no clock. */
export class TimerQueue {
  readonly #heap: Timer[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  get first(): Timer | undefined {
    return this.#heap[0];
  }

  add(dueMs: number, fire: () => void): Timer {
    const timer = { index: 0, dueMs, order: this.#added++, fire };
    this.#settle(timer, this.#heap.length);
    return timer;
  }

  /** Takes a timer out, in O(log n). Does nothing when it is out already. */
  remove(timer: Timer): void {
    const { index } = timer;
    if (index < 0) return;
    timer.index = -1;
    const last = this.#heap.pop() as Timer;
    if (last !== timer) this.#settle(last, index);
  }

  /** Puts a timer where it belongs: up or down from a place that is free. */
  #settle(timer: Timer, free: number): void {
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

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
