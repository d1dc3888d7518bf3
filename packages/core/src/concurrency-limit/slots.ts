import { type Timer, TimerQueue } from "../timer-queue.js";
import { type AimdRules, type AimdState, adapted, type CallEnd } from "./aimd.js";

/** Leave to run one call. */
export interface Slot {
  /**
   * Gives it back, with how the call ended. Only the first time counts.
   *
   * @param end @default "other", which moves no adaptive limit
   */
  release(end?: CallEnd): void;
}

/** A limit moved by a whole call. */
export interface LimitMove {
  readonly limit: number;
  readonly previousLimit: number;
  readonly cause: "success" | "overload";
}

/** Who waits, until it is given a slot. */
export type Waiting = Timer;

/** So many slots, and the queue for them. Knows neither promises nor clocks. */
export class Slots {
  readonly #rules: AimdRules | undefined;
  readonly #onMove: (move: LimitMove) => void;
  /** A heap with an order among equals: what it calls due is our priority, upside down. */
  readonly #queue = new TimerQueue();
  #state: AimdState;
  #inFlight = 0;

  /** @param rules Of an adaptive limit; `undefined`: the limit stays as it is. */
  constructor(limit: number, rules: AimdRules | undefined, onMove: (move: LimitMove) => void) {
    this.#state = { limit, episode: 0 };
    this.#rules = rules;
    this.#onMove = onMove;
  }

  get limit(): number {
    return Math.floor(this.#state.limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** A slot, where one is free and nobody waits for it. */
  take(): Slot | undefined {
    return this.#queue.size === 0 && this.#inFlight < this.limit ? this.#slot() : undefined;
  }

  /** Waits for a slot: higher priority first, and among equals who came first. */
  wait(priority: number, grant: (slot: Slot) => void): Waiting {
    return this.#queue.add(-priority, () => grant(this.#slot()));
  }

  /** Waits no longer. */
  leave(waiting: Waiting): void {
    this.#queue.remove(waiting);
  }

  #slot(): Slot {
    this.#inFlight++;
    const { episode } = this.#state;
    let isHeld = true;
    return {
      release: (end = "other") => {
        if (!isHeld) return;
        isHeld = false;
        this.#release(end, episode);
      },
    };
  }

  #release(end: CallEnd, episode: number): void {
    if (this.#rules !== undefined) this.#adapt(end, episode, this.#rules);
    this.#inFlight--;
    for (let next = this.#queue.first; next && this.#inFlight < this.limit; next = this.#queue.first) {
      this.#queue.remove(next);
      next.fire();
    }
  }

  #adapt(end: CallEnd, episode: number, rules: AimdRules): void {
    const previousLimit = this.limit;
    this.#state = adapted(this.#state, end, { episode, inFlight: this.#inFlight }, rules);
    if (this.limit === previousLimit) return;
    this.#onMove({ limit: this.limit, previousLimit, cause: this.limit > previousLimit ? "success" : "overload" });
  }
}
