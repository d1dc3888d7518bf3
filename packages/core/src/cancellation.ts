/** Who is told of an abort. */
export interface AbortListener {
  onAborted(): void;
}

/**
 * What can end a run from outside: asked and listened to without an `AbortSignal` having to be made for it.
 * An attempt is one, so that nested policies cost no controller each.
 */
export interface Cancellation {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** Tells the listener once of an abort. Never, when it has aborted already. */
  listen(listener: AbortListener): void;
  /** Takes `listen` back. */
  unlisten(listener: AbortListener): void;
}

/** Calls back once on abort; returns what takes it back. Never called when it has aborted already. */
export function onAbort(cancellation: Cancellation | undefined, listener: () => void): () => void {
  const listening = { onAborted: listener };
  cancellation?.listen(listening);
  return () => cancellation?.unlisten(listening);
}

/** Hands an abort on, also one that has come already; returns what ends that. */
export function follow(cancellation: Cancellation | undefined, abort: (reason: unknown) => void): () => void {
  if (cancellation?.aborted) abort(cancellation.reason);
  return onAbort(cancellation, () => abort(cancellation?.reason));
}

const fans = /* @__PURE__ */ new WeakMap<AbortSignal, SignalFan>();

/** Hears a signal for any number of callers with one listener: hosts scan their listener list at each addition. */
class SignalFan implements Cancellation {
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<AbortListener>();
  readonly #fire = (): void => {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.onAborted();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get aborted(): boolean {
    return this.#signal.aborted;
  }

  get reason(): unknown {
    return this.#signal.reason;
  }

  listen(listener: AbortListener): void {
    if (this.#listeners.size === 0) this.#signal.addEventListener("abort", this.#fire, { once: true });
    this.#listeners.add(listener);
  }

  unlisten(listener: AbortListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) {
      this.#signal.removeEventListener("abort", this.#fire);
    }
  }
}

/** The signal as a {@link Cancellation}; the same one for the same signal. */
export function cancellationOf(signal: AbortSignal): Cancellation {
  let fan = fans.get(signal);
  if (fan === undefined) {
    fan = new SignalFan(signal);
    fans.set(signal, fan);
  }
  return fan;
}

/** Two of them as one: aborted as soon as either is. */
export function eitherOf(a: Cancellation | undefined, b: Cancellation | undefined): Cancellation | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const both = [a, b];
  const first = (): Cancellation | undefined => both.find(({ aborted }) => aborted);
  return {
    get aborted() {
      return first() !== undefined;
    },
    get reason() {
      return first()?.reason;
    },
    listen(listener) {
      for (const one of both) one.listen(listener);
    },
    unlisten(listener) {
      for (const one of both) one.unlisten(listener);
    },
  };
}

/** One signal of several, aborted as soon as any of them is; `undefined` of none. */
export function signalOf(signals: readonly AbortSignal[]): AbortSignal | undefined {
  return signals.length > 1 ? AbortSignal.any([...signals]) : signals[0];
}
