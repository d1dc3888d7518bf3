import type { RateLimitPolicy, Reservation, RunOptions } from "bide";
import { type ReadAnswer, withoutRest } from "./answer.js";
import type { AttemptFailure } from "./attempt-failure.js";

/** The way of one key to one model: its buckets, and the pauses that its answers asked for. */
export class Lane {
  readonly limiter: RateLimitPolicy;
  /** Pauses so far: a refusal of a request that was sent before the last one says nothing new. */
  #pauses = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #refusal: ReadAnswer | undefined;

  constructor(limiter: RateLimitPolicy) {
    this.limiter = limiter;
  }

  /** Waits for the end of a pause and for the quota. */
  admit(tokens: number, options: RunOptions): Promise<Reservation> {
    return this.limiter.acquire({ requests: 1, tokens }, options);
  }

  /** Holds back everything for so long. */
  pause(waitMs: number, nowMs: number, { answer }: AttemptFailure): void {
    this.#pauses++;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + waitMs);
    if (answer) this.#refusal = withoutRest(answer);
    this.limiter.pause(waitMs);
  }

  get pauses(): number {
    return this.#pauses;
  }

  /** The end of the last pause, on the clock. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** The answer that a pause came with, for those who cannot wait for its end. */
  get refusal(): ReadAnswer | undefined {
    return this.#refusal;
  }
}
