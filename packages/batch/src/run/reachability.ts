import type { Stop } from "./stop.js";

/** So many without any answer, one after another, and the endpoint counts as out of reach. */
export const UNREACHABLE_AFTER = 5;

/** An item that has used up its attempts without any answer, wherever it was sent. */
export interface Unanswered<Held> {
  /** What is to become of it when anything else is answered. */
  readonly item: Held;
  /** Where it was sent, with the ports. */
  readonly host: string;
  /** What went wrong last. */
  readonly code: string;
  /** No connection came about: that says nothing of the request. */
  readonly isUnreached: boolean;
}

/**
 * Tells a request that cannot be answered from an endpoint that cannot be reached: a laptop that sleeps, or a wrong address,
 * must not fail every item of a file. Items that got no answer at all are held until something is answered: then those whose
 * connections broke were to blame, and have failed, and those that no connection came about for are taken up again. A pool holds
 * the items; a worker, who gives them to others, holds nothing but asks the same.
 */
export class Reachability<Held> {
  #held: Unanswered<Held>[] = [];
  #isLost = false;

  /** @returns Why nothing gets through, once there are too many of them. */
  unanswered(one: Unanswered<Held>): Stop | undefined {
    this.#held.push(one);
    this.#isLost ||= this.#held.length >= UNREACHABLE_AFTER;
    return this.#isLost ? stopOf(one) : undefined;
  }

  /** Something was answered. @returns Those who were held. */
  answered(): readonly Held[] {
    this.#isLost = false;
    return this.#held.length > 0 ? this.#taken() : [];
  }

  /** Takes out those that no connection came about for: whoever waits for the endpoint to come back looks with them. */
  unreached(): readonly Held[] {
    const unreached = this.#held.filter(({ isUnreached }) => isUnreached);
    this.#held = this.#held.filter(({ isUnreached }) => !isUnreached);
    return unreached.map(({ item }) => item);
  }

  /**
   * Nothing more is to come. Where no connection came about, however few have tried, the endpoint was out of reach, and all
   * who are held stay open; else they have failed.
   */
  ended(): { readonly stop?: Stop; readonly failed: readonly Held[] } {
    const unreached = this.#held.find(({ isUnreached }) => isUnreached);
    return unreached === undefined ? { failed: this.#taken() } : { stop: stopOf(unreached), failed: [] };
  }

  #taken(): readonly Held[] {
    const held = this.#held;
    this.#held = [];
    return held.map(({ item }) => item);
  }
}

function stopOf({ host, code }: Unanswered<unknown>): Stop {
  return { reason: "unreachable", message: `${host} cannot be reached (${code})` };
}
