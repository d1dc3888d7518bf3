import type { Entry } from "../gate.js";
import { OpenStream } from "../open-stream.js";
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

/** A slot that is held, and given back at the end of a call, or of the stream that the call opened. */
export class HeldSlot implements Slot, Entry {
  readonly #slots: Slots;
  readonly #episode: number;
  #isHeld = true;

  constructor(slots: Slots, episode: number) {
    this.#slots = slots;
    this.#episode = episode;
  }

  release(end: CallEnd = "other"): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#slots.release(end, this.#episode);
  }

  succeeded(value: unknown): void {
    if (value instanceof OpenStream)
      void value.ended.then((how) => (how ? this.failed(how.error) : this.succeeded(how)));
    else this.release("success");
  }

  failed(error: unknown): void {
    this.release(this.#slots.isOverload(error) ? "overload" : "other");
  }
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
  readonly isOverload: (error: unknown) => boolean;
  readonly #rules: AimdRules | undefined;
  readonly #onMove: (move: LimitMove) => void;
  /** A heap with an order among equals: what it calls due is our priority, upside down. */
  readonly #queue = new TimerQueue();
  #state: AimdState;
  #inFlight = 0;

  /** @param rules Of an adaptive limit; `undefined`: the limit stays as it is. */
  constructor(
    limit: number,
    rules: AimdRules | undefined,
    isOverload: (error: unknown) => boolean,
    onMove: (move: LimitMove) => void,
  ) {
    this.isOverload = isOverload;
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
  take(): HeldSlot | undefined {
    return this.#queue.size === 0 && this.#inFlight < this.limit ? this.#slot() : undefined;
  }

  /** Waits for a slot: higher priority first, and among equals who came first. */
  wait(priority: number, grant: (slot: HeldSlot) => void): Waiting {
    return this.#queue.add(-priority, () => grant(this.#slot()));
  }

  /** Waits no longer. */
  leave(waiting: Waiting): void {
    this.#queue.remove(waiting);
  }

  #slot(): HeldSlot {
    this.#inFlight++;
    return new HeldSlot(this, this.#state.episode);
  }

  /** Gives a slot back that was taken in this episode, and so lets go who waits for it. */
  release(end: CallEnd, episode: number): void {
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
