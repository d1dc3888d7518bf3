import type { AttemptFailure } from "./attempt-failure.js";
import type { DecisionClass } from "./classify/decision.js";
import { LinkedList } from "./linked-list.js";

/** Why a key was stopped. */
export interface KeyStop {
  readonly class: Extract<DecisionClass, "quota" | "auth">;
  /** The answer that stopped it: what every later caller gets as well. */
  readonly failure: AttemptFailure;
}

/** Stops keys for all callers: nothing is sent for a key after an answer that no waiting heals. */
export class KeyGates {
  readonly #stopped = new Map<string, KeyStop>();
  readonly #waiting = new Map<string, LinkedList<(stop: KeyStop) => void>>();

  /** Why this key is stopped, if it is. */
  stopOf(keyId: string): KeyStop | undefined {
    return this.#stopped.get(keyId);
  }

  /** The keys that are stopped. */
  get stopped(): ReadonlyMap<string, KeyStop> {
    return this.#stopped;
  }

  /** Stops a key and tells those who wait. The first reason stays. Returns whether it went until now. */
  stop(keyId: string, stop: KeyStop): boolean {
    if (this.#stopped.has(keyId)) return false;
    this.#stopped.set(keyId, stop);
    const waiting = this.#waiting.get(keyId);
    this.#waiting.delete(keyId);
    for (const tell of [...(waiting ?? [])]) tell(stop);
    return true;
  }

  /** Lets stopped keys go again: one, or all of them. Returns those that were stopped. */
  resume(keyId?: string): readonly string[] {
    const resumed = keyId === undefined ? [...this.#stopped.keys()] : this.#stopped.has(keyId) ? [keyId] : [];
    for (const id of resumed) this.#stopped.delete(id);
    return resumed;
  }

  /** Calls back when the key is stopped; returns what takes it back. */
  onStop(keyId: string, tell: (stop: KeyStop) => void): () => void {
    let waiting = this.#waiting.get(keyId);
    if (waiting === undefined) {
      waiting = new LinkedList();
      this.#waiting.set(keyId, waiting);
    }
    const leave = waiting.add(tell);
    return () => {
      leave();
      if (waiting.isEmpty && this.#waiting.get(keyId) === waiting) this.#waiting.delete(keyId);
    };
  }
}
