import { startTimer } from "bide/kit";
import type { RedisClient } from "./client.js";
import { RedisTimeoutError } from "./errors.js";
import type { ConnectionOptions } from "./options.js";
import type { Script } from "./script.js";

/** How long after the first failure Redis is tried again, on average; each further failure doubles it. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

/**
 * Knows whether Redis answers. When it does not, it is left alone and tried again after a wait that doubles and is spread by
 * half in both directions, one call at a time: workers that lost it together do not come back together.
 */
export class Connection {
  readonly #client: RedisClient;
  readonly #options: ConnectionOptions;
  #retryMs = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #isTrying = false;

  constructor(client: RedisClient, options: ConnectionOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Whether the last call failed. */
  get isAway(): boolean {
    return this.#retryMs > 0;
  }

  /** Whether a call may be made: Redis is there, or it is time to try it again. */
  mayCall(): boolean {
    return !this.isAway || (!this.#isTrying && this.#nowMs() >= this.#retryAtMs);
  }

  /** Milliseconds until Redis is tried again; 0 while it is there. */
  retryInMs(): number {
    return this.isAway ? Math.max(0, this.#retryAtMs - this.#nowMs()) : 0;
  }

  /** Runs a script. @throws RedisTimeoutError, and whatever the client rejects with. */
  async call(script: Script, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    const wasAway = this.isAway;
    this.#isTrying = wasAway;
    try {
      const answer = await this.#inTime(script.run(this.#client, keys, values));
      this.#retryMs = 0;
      if (wasAway) this.#tell(undefined);
      return answer;
    } catch (error) {
      this.#failed(error, wasAway);
      throw error;
    } finally {
      this.#isTrying = false;
    }
  }

  #failed(error: unknown, wasTry: boolean): void {
    // Calls that were under way together fail together: that is one failure.
    if (this.isAway && !wasTry) return;
    this.#retryMs = Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.#retryMs * 2));
    this.#retryAtMs = this.#nowMs() + this.#retryMs * (0.5 + this.#options.random());
    if (!wasTry) this.#tell(error);
  }

  #inTime(answer: Promise<unknown>): Promise<unknown> {
    const { timeoutMs, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const stop = startTimer(clock(), this.#nowMs() + timeoutMs, () => reject(new RedisTimeoutError(timeoutMs)));
      void answer.then(resolve, reject).finally(stop);
    });
  }

  #tell(error: unknown): void {
    try {
      this.#options.onAvailability?.(error);
    } catch {
      // Who only looks on changes nothing.
    }
  }

  #nowMs(): number {
    return this.#options.clock().nowMs();
  }
}
