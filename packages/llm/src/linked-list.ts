interface Node<T> {
  readonly value: T;
  before: Node<T> | undefined;
  after: Node<T> | undefined;
  isIn: boolean;
}

/**
 * Values in the order of their coming, for many that come and go: one is taken out in O(1), and nothing is left of it.
 *
 * A `Set` or a `Map` that lives long is no place for what lives for one call. V8 makes it a new table whenever so many were
 * taken out, and the old table keeps those who were in it then, and the next table, until the old generation is collected.
 */
export class LinkedList<T> implements Iterable<T> {
  #first: Node<T> | undefined;
  #last: Node<T> | undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** @returns What takes the value out again; called once more, it does nothing. */
  add(value: T): () => void {
    const node: Node<T> = { value, before: this.#last, after: undefined, isIn: true };
    if (this.#last) this.#last.after = node;
    else this.#first = node;
    this.#last = node;
    return () => this.#remove(node);
  }

  /** Those who are in; the one that was given last may be taken out meanwhile. */
  *[Symbol.iterator](): Iterator<T, void, void> {
    for (let node = this.#first; node; ) {
      const { value, after } = node;
      yield value;
      node = node.isIn ? node.after : after;
    }
  }

  #remove(node: Node<T>): void {
    if (!node.isIn) return;
    const { before, after } = node;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    // An old node that is gone must keep no young one.
    node.before = node.after = undefined;
    node.isIn = false;
  }
}
