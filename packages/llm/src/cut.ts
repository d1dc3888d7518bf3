import { type AbortListener, type Cancellation, onAbort } from "bide/kit";
import type { RequestCut } from "./cuttable-fetch.js";

/** Ends something from outside, once. Its `AbortSignal` is made when somebody asks for it: that costs as much as all the rest. */
export class Cut implements Cancellation, RequestCut {
  aborted = false;
  reason: unknown;
  readonly #listeners = new Set<AbortListener>();
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  onAbort(listener: () => void): () => void {
    return onAbort(this, listener);
  }

  listen(listener: AbortListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: AbortListener): void {
    this.#listeners.delete(listener);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Only the first call counts. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    this.#controller?.abort(reason);
    for (const listener of listeners) listener.onAborted();
  }
}
