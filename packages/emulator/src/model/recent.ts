/** Values by name, made when first asked for; the names not used for longest are forgotten, so that memory stays bounded. */
export class Recent<V> {
  readonly #capacity: number;
  readonly #create: (name: string) => V;
  #recent = new Map<string, V>();
  #older = new Map<string, V>();

  /** Remembers at least the last `capacity` names that were used, at most twice as many. */
  constructor(capacity: number, create: (name: string) => V) {
    this.#capacity = capacity;
    this.#create = create;
  }

  of(name: string): V {
    const known = this.#recent.get(name);
    if (known !== undefined) return known;
    const value = this.#older.get(name) ?? this.#create(name);
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(name, value);
    return value;
  }

  /** Calls `visit` for every name that is remembered. */
  each(visit: (value: V, name: string) => void): void {
    for (const [name, value] of this.#older) if (!this.#recent.has(name)) visit(value, name);
    for (const [name, value] of this.#recent) visit(value, name);
  }

  clear(): void {
    this.#recent.clear();
    this.#older.clear();
  }
}
