import { Guard, type LiveAttempt, started } from "./attempt.js";
import { type Clock, defaultClock } from "./clock.js";
import { isLater } from "./later.js";
import type { Operation, RunOptions } from "./outcome.js";
import { Passage } from "./passage.js";
import type { Call, Execute } from "./policy.js";
import { TimedCall, type Timing } from "./timing.js";

/**
 * A policy that makes no attempts of its own: it lets a call in or not, and hears how it ended. Several in a row, and a
 * time-out inside them, are passed in one go: promises are what a policy costs, and one is enough for all of them.
 */
export interface Gate {
  /** Its calls count until they have really ended, also where nobody waits for them any more. */
  readonly isHeld: boolean;
  /**
   * Lets a call in: at once, or after a wait that ends with the passage.
   *
   * @throws what refuses it.
   */
  enter(passage: Passage, options: RunOptions | undefined, call: Call | undefined): Entry | PromiseLike<Entry>;
}

/** A call that was let in. It is told once of the end. */
export interface Entry {
  succeeded(value: unknown): void;
  /** @param attempt What the call was: the error may be what it was cut with. */
  failed(error: unknown, attempt: LiveAttempt): void;
}

/** What holds a call within its bounds. */
interface Bounds {
  readonly attempt: LiveAttempt;
  end(): void;
}

/** The way of one call through the gates. */
class Way<T> {
  readonly #gates: readonly Gate[];
  readonly #timing: Timing | undefined;
  readonly #operation: Operation<T>;
  readonly #passage: Passage;
  readonly #entries: Entry[] = [];

  constructor(gates: readonly Gate[], timing: Timing | undefined, operation: Operation<T>, passage: Passage) {
    this.#gates = gates;
    this.#timing = timing;
    this.#operation = operation;
    this.#passage = passage;
  }

  begin(options: RunOptions | undefined, call: Call | undefined): Promise<T> {
    try {
      this.#checkAborted();
      for (const gate of this.#gates) {
        const entry = gate.enter(this.#passage, options, call);
        if (isLater(entry)) return this.#wait(entry, options, call);
        this.#entries.push(entry);
      }
      return this.#go();
    } catch (refusal) {
      return Promise.reject(this.#refused(refusal));
    }
  }

  async #wait(first: PromiseLike<Entry>, options: RunOptions | undefined, call: Call | undefined): Promise<T> {
    try {
      this.#entries.push(await first);
      for (const gate of this.#gates.slice(this.#entries.length))
        this.#entries.push(await gate.enter(this.#passage, options, call));
      this.#checkAborted();
    } catch (refusal) {
      throw this.#refused(refusal);
    }
    return this.#go();
  }

  /** A call that is over before it begins takes no place, and keeps none. */
  #checkAborted(): void {
    const { aborted, reason } = this.#passage.attempt;
    if (aborted) throw reason;
  }

  /** To the gates before the one that refused it, the call has failed. */
  #refused(refusal: unknown): unknown {
    const passage = this.#passage;
    this.#end(passage, undefined, (entry) => entry.failed(refusal, passage.attempt));
    return refusal;
  }

  #go(): Promise<T> {
    const passage = this.#passage;
    const { attempt } = passage;
    if (this.#timing) {
      const timed = new TimedCall(attempt, this.#timing);
      return this.#told(timed.run(this.#operation), timed);
    }
    if (passage.isFree) return this.#told(started(this.#operation, attempt), passage);
    const guard = new Guard(attempt);
    if (!this.#gates.some(isHeld)) return this.#told(guard.run(this.#operation), guard);
    const answer = guard.run(() => this.#told(started(this.#operation, attempt), passage, true));
    return this.#told(answer, guard, false);
  }

  /**
   * Tells those who let the call in how it ended, the innermost first.
   *
   * @param held Only those whose calls are held, or only the others; all of them when left out.
   */
  #told(answer: Promise<T>, bounds: Bounds, held?: boolean): Promise<T> {
    return answer.then(
      (value) => {
        this.#end(bounds, held, (entry) => entry.succeeded(value));
        return value;
      },
      (error: unknown) => {
        this.#end(bounds, held, (entry) => entry.failed(error, bounds.attempt));
        throw error;
      },
    );
  }

  #end(bounds: Bounds, held: boolean | undefined, tell: (entry: Entry) => void): void {
    bounds.end();
    this.#passage.end();
    for (let i = this.#entries.length; i-- > 0; ) {
      if (held === undefined || this.#gates[i]?.isHeld === held) tell(this.#entries[i] as Entry);
    }
  }
}

function isHeld(gate: Gate): boolean {
  return gate.isHeld;
}

/** Runs operations behind these gates, outermost first, and within this time. */
export function executeGated(gates: readonly Gate[], clock: Clock | undefined, timing?: Timing): Execute {
  return (operation, options, _trace, call, isPrompt) =>
    new Way(gates, timing, operation, new Passage(options, clock ?? defaultClock(), isPrompt)).begin(options, call);
}
