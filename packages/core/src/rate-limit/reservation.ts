import { type Cost, costOf, NOTHING } from "./limits.js";

/** What was taken for one request. Settle it when the real cost is known; left alone, it stays as it is. */
export interface Reservation {
  readonly cost: Cost;
  /** How long the request waited for it. */
  readonly waitedMs: number;
  /** Puts the real cost in place of the reserved one: the difference comes back, or becomes a debt. Only the first end counts. */
  settle(actual: Cost): void;
  /** Gives everything back: the request was not sent, or the server does not count it. Only the first end counts. */
  refund(): void;
}

/** A reservation of a limiter. */
export class HeldReservation implements Reservation {
  readonly #settle: (held: HeldReservation, actual: Cost) => void;
  #isOpen = true;

  constructor(
    readonly id: string | number,
    readonly cost: Cost,
    readonly waitedMs: number,
    settle: (held: HeldReservation, actual: Cost) => void,
  ) {
    this.#settle = settle;
  }

  settle(actual: Cost): void {
    this.#end(costOf(actual));
  }

  refund(): void {
    this.#end(NOTHING);
  }

  #end(actual: Cost): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#settle(this, actual);
  }
}
