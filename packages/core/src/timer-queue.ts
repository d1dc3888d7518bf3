/** One moment that somebody waits for. Made by {@link TimerQueue.add}. */
export class Timer {
  /** The place in the heap, or -1 when it no longer waits. */
  index = -1;

  constructor(
    readonly dueMs: number,
    readonly order: number,
    readonly fire: () => void,
  ) {}
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
    const timer = new Timer(dueMs, this.#added++, fire);
    this.#heap.push(timer);
    this.#rise(timer, this.#heap.length - 1);
    return timer;
  }

  /** Takes a timer out, in O(log n). Does nothing when it is out already. */
  remove(timer: Timer): void {
    const { index } = timer;
    if (index < 0) return;
    timer.index = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    this.#rise(last, index);
    this.#sink(last, last.index);
  }

  #rise(timer: Timer, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex] as Timer;
      if (!isBefore(timer, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(timer, index);
  }

  #sink(timer: Timer, from: number): void {
    let index = from;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, timer)) break;
      const childIndex = child.index;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(timer, index);
  }

  #place(timer: Timer, index: number): void {
    this.#heap[index] = timer;
    timer.index = index;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
