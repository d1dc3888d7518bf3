import type { Progress } from "@bide/batch";
import { LastMinute } from "./last-minute.js";
import { type Pace, paceOf } from "./pace.js";

/** How a run stands, as people and programs are told. */
export interface Standing extends Pace {
  readonly total: number;
  /** With those of earlier runs, as the next two. */
  readonly done: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Requests that are under way at this moment. */
  readonly inFlight: number;
  /** Items that are not done and whose request is not under way. */
  readonly waiting: number;
  /** HTTP requests of the last minute, or of as much of it as there was. */
  readonly requestsPerMinute: number;
  /** Tokens let in during that time, as far as they are known: those of answers. */
  readonly tokensPerMinute: number;
  readonly attempts: number;
  /** Those of them that were answered with 429. */
  readonly rateLimited: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of this run; absent where no answer has a price. */
  readonly cost?: number | undefined;
  readonly currency: string;
  readonly elapsedMs: number;
}

/** What happened per minute, of late. */
export interface Rates {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  readonly donePerMinute: number;
}

/** Reads a run's progress again and again, and knows what the last minute brought. */
export class Standings {
  readonly #progress: Progress;
  readonly #currency: string;
  readonly #requests = new LastMinute();
  readonly #tokens = new LastMinute();
  readonly #done = new LastMinute();

  /** @param currency Of the run's prices. */
  constructor(progress: Progress, currency: string) {
    this.#progress = progress;
    this.#currency = currency;
  }

  now(): Standing {
    const { elapsedMs, attempts, sending, inputTokens, outputTokens, succeeded, failed } = this.#progress;
    return standingOf(this.#progress, this.#currency, {
      requestsPerMinute: this.#requests.perMinute(elapsedMs, attempts + sending),
      tokensPerMinute: this.#tokens.perMinute(elapsedMs, inputTokens + outputTokens),
      donePerMinute: this.#done.perMinute(elapsedMs, succeeded + failed),
    });
  }
}

/** How a run stands by its figures alone, with what happened per minute of late. */
export function standingOf(progress: Progress, currency: string, rates: Rates): Standing {
  const { total, before, failedBefore, limit, sending, attempts, rateLimited, lanes } = progress;
  const { inputTokens, outputTokens, cost, unpriced, elapsedMs } = progress;
  const { requestsPerMinute, tokensPerMinute, donePerMinute } = rates;
  const done = before + progress.succeeded + progress.failed;
  const failed = failedBefore + progress.failed;
  return {
    total,
    done,
    succeeded: done - failed,
    failed,
    inFlight: sending,
    waiting: Math.max(0, total - done - sending),
    ...{ requestsPerMinute, tokensPerMinute },
    ...paceOf(lanes, {
      left: Math.max(0, Math.min(total - done, limit - progress.succeeded - progress.failed)),
      donePerMinute,
    }),
    ...{ attempts, rateLimited, inputTokens, outputTokens },
    cost: cost > 0 || unpriced === 0 ? cost : undefined,
    ...{ currency, elapsedMs },
  };
}
