import type { Channel } from "./channel.js";
import type { Stop } from "./stop.js";

/** So many items without any answer, one after another, and the endpoint counts as out of reach. */
const UNREACHABLE_AFTER = 5;

/**
 * Tells a request that cannot be answered from an endpoint that cannot be reached: a laptop that sleeps, or a wrong address,
 * must not fail every item of a file. Items that got no answer at all are held until something is answered; then they were
 * to blame, and have failed.
 */
export class Reachability<Held> {
  #held: Held[] = [];
  #isLost = false;

  /** An item has used up its attempts without any answer. @returns Why the run ends, once there are too many of them. */
  unanswered(item: Held, { sender }: Pick<Channel, "sender">, code: string): Stop | undefined {
    this.#held.push(item);
    this.#isLost ||= this.#held.length >= UNREACHABLE_AFTER;
    if (!this.#isLost) return undefined;
    this.#held = [];
    const message = `${new URL(sender.baseUrl).host} cannot be reached (${code})`;
    return { reason: "unreachable", message };
  }

  /** Something was answered, or nothing more is to come: those who were held have failed by themselves. */
  answered(): readonly Held[] {
    const held = this.#held;
    if (held.length > 0) this.#held = [];
    return held;
  }
}
