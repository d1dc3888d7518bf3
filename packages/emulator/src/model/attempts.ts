/** How often a request has come, and how often it got in. */
export interface Attempts {
  arrivals: number;
  admitted: number;
}

/** Counts attempts by request hash, forgetting the oldest hashes so that memory stays bounded. */
export class AttemptCounter {
  readonly #capacity: number;
  #recent = new Map<string, Attempts>();
  #older = new Map<string, Attempts>();

  /** Remembers at least the last `capacity` hashes, at most twice as many. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  of(hash: string): Attempts {
    const known = this.#recent.get(hash);
    if (known !== undefined) return known;
    const attempts = this.#older.get(hash) ?? { arrivals: 0, admitted: 0 };
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(hash, attempts);
    return attempts;
  }
}
