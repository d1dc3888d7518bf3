/** Its least room, in bytes. */
const LEAST = 512;

/** How many bytes at its beginning and at its end an event shares with the one before. */
export interface Shared {
  readonly head: number;
  readonly tail: number;
}

/**
 * Arrays of bytes, in order. One token after the other comes in the same wrapping, so each is kept as what sets it apart
 * from the one before: how much of its beginning and its end is the same, and what stands between.
 */
export class EventLog {
  #log = new Uint8Array(0);
  #length = 0;
  /** How many more bytes of events are kept, counted as they came. */
  #room: number;
  // A copy: whoever reads the stream may do with its chunks what they like.
  #last = new Uint8Array(0);
  #lastLength = 0;

  /** @param most After so many bytes of events none is kept any more. */
  constructor(most: number = Number.POSITIVE_INFINITY) {
    this.#room = most;
  }

  /** What the bytes from `start` on, up to `end`, share with the last that were added. */
  shared(bytes: Uint8Array, start: number, end: number): Shared {
    const last = this.#last;
    const most = Math.min(end - start, this.#lastLength);
    let head = 0;
    while (head < most && bytes[start + head] === last[head]) head++;
    let tail = 0;
    for (let index = this.#lastLength - 1; tail < most - head && bytes[end - 1 - tail] === last[index]; index--) tail++;
    return { head, tail };
  }

  /** Appends the bytes from `start` on, up to `end`; `shared` is what {@link EventLog.shared} says of them. */
  add(bytes: Uint8Array, start: number, end: number, shared: Shared = this.shared(bytes, start, end)): void {
    const { head, tail } = shared;
    const length = end - start;
    this.#room -= length;
    if (this.#room >= 0) this.#keep(bytes, start + head, end - tail, shared);
    const last = withRoom(this.#last, this.#lastLength, length);
    last.copyWithin(length - tail, this.#lastLength - tail, this.#lastLength);
    for (let index = head; index < length - tail; index++) last[index] = bytes[start + index] ?? 0;
    this.#last = last;
    this.#lastLength = length;
  }

  #keep(bytes: Uint8Array, start: number, end: number, { head, tail }: Shared): void {
    this.#log = withRoom(this.#log, this.#length, this.#length + end - start + 3 * MOST_DIGITS);
    this.#number(head);
    this.#number(tail);
    this.#number(end - start);
    // A few bytes: a view of them to copy from would cost more than they do.
    for (let index = start; index < end; index++) this.#log[this.#length++] = bytes[index] ?? 0;
  }

  /** What `read` makes of each. */
  map<T>(read: (bytes: Uint8Array) => T): T[] {
    const results: T[] = [];
    let last = new Uint8Array(0);
    let at = 0;
    const number = (): number => {
      let value = 0;
      for (let factor = 1; ; factor *= BASE) {
        const digit = this.#log[at++] ?? 0;
        value += (digit % BASE) * factor;
        if (digit < BASE) return value;
      }
    };
    while (at < this.#length) {
      const [head, tail, apart] = [number(), number(), number()];
      const bytes = new Uint8Array(head + apart + tail);
      bytes.set(last.subarray(0, head));
      bytes.set(this.#log.subarray(at, at + apart), head);
      bytes.set(last.subarray(last.length - tail), head + apart);
      at += apart;
      results.push(read(bytes));
      last = bytes;
    }
    return results;
  }

  /** Seven bits to the byte, the lowest first; the eighth says that more follow. */
  #number(value: number): void {
    let rest = value;
    for (; rest >= BASE; rest = Math.floor(rest / BASE)) this.#log[this.#length++] = BASE + (rest % BASE);
    this.#log[this.#length++] = rest;
  }
}

const BASE = 128;
/** A number below 2 ** 35 has no more. */
const MOST_DIGITS = 5;

/** The array, or a larger one that begins with its first `kept` bytes. */
function withRoom(bytes: Uint8Array<ArrayBuffer>, kept: number, length: number): Uint8Array<ArrayBuffer> {
  if (length <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(LEAST, length, Math.ceil(bytes.length * 1.5)));
  larger.set(bytes.subarray(0, kept));
  return larger;
}
