/**
 * What can end a run from outside: asked and listened to without an `AbortSignal` having to be made for it.
 * An attempt is one, so that nested policies cost no controller each.
 */
export interface Cancellation {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** Calls back once on abort, a function of its own for each call; returns what takes it back. Never called when it has aborted already. */
  onAbort(listener: () => void): () => void;
}

const fans = /* @__PURE__ */ new WeakMap<AbortSignal, SignalFan>();

/** Hears a signal for any number of callers with one listener: hosts scan their listener list at each addition. */
class SignalFan implements Cancellation {
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<() => void>();
  readonly #fire = (): void => {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
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

  onAbort(listener: () => void): () => void {
    if (this.#listeners.size === 0) this.#signal.addEventListener("abort", this.#fire, { once: true });
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) {
        this.#signal.removeEventListener("abort", this.#fire);
      }
    };
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
    onAbort(listener) {
      const releases = both.map((one) => one.onAbort(listener));
      return () => {
        for (const release of releases) release();
      };
    },
  };
}
