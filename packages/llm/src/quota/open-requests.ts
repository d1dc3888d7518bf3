import { LinkedList } from "../linked-list.js";
import type { SentRequest } from "./admission.js";
import { RecentMost } from "./recent.js";

/** Even over a short way, a refusal takes so long. */
const LEAST_REFUSAL_MS = 20;

/** The requests of a lane that are in flight, and how many were there together. */
export class OpenRequests {
  readonly #open = new LinkedList<SentRequest>();
  readonly #answeredInFlight = new RecentMost();

  add(sent: SentRequest): void {
    sent.leave = this.#open.add(sent);
  }

  answered(sent: SentRequest, nowMs: number): void {
    sent.leave?.();
    this.#answeredInFlight.add(sent.inFlight, nowMs);
  }

  /** It is over, however it ended. */
  ended(sent: SentRequest): void {
    sent.leave?.();
  }

  /** It was not let in: those that were sent after it had one fewer beside them. */
  refused(sent: SentRequest): void {
    sent.leave?.();
    for (const later of this.#open) if (later.sentMs >= sent.sentMs) later.inFlight--;
  }

  /** The most in flight at which one was let in: it was answered, or is in flight for longer than a refusal takes. */
  admittedInFlight(nowMs: number, refusalMs: number): number {
    let most = this.#answeredInFlight.value(nowMs);
    const sinceMs = nowMs - Math.max(LEAST_REFUSAL_MS, 2 * refusalMs);
    for (const { sentMs, inFlight } of this.#open) if (sentMs <= sinceMs && inFlight > most) most = inFlight;
    return most;
  }
}
