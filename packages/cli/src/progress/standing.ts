import type { BatchOptions, Progress } from "@bide/batch";
import { PRICE_LIST } from "@bide/llm";
import { LastMinute } from "./last-minute.js";
import { timeLeftMs } from "./time-left.js";

/** How a run stands, as people and programs are told. */
export interface Standing {
  readonly total: number;
  /** With those of earlier runs. */
  readonly done: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Requests that are under way at this moment. */
  readonly inFlight: number;
  /** Items that are not done and whose request is not under way. */
  readonly waiting: number;
  /** HTTP requests and tokens of the last minute, or of as much of it as there was. */
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  /** What the endpoints let in per minute; absent where nobody has told. */
  readonly requestsLimit?: number | undefined;
  readonly tokensLimit?: number | undefined;
  /** What keeps it from being faster: `requests`, `tokens`, `concurrency`, a pause. */
  readonly binds?: string | undefined;
  readonly attempts: number;
  /** Those of them that were answered with 429. */
  readonly rateLimited: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of this run; absent where no answer has a price. */
  readonly cost?: number | undefined;
  readonly currency: string;
  readonly elapsedMs: number;
  /** The time to the end; absent while it cannot be told. */
  readonly leftMs?: number | undefined;
}

/** What was told of the limits and prices. */
export interface Told {
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
  readonly currency: string;
}

/** What a run is told of limits and prices: the sums over its endpoints, where each has one. */
export function toldOf({ endpoints = [], prices = PRICE_LIST }: Pick<BatchOptions, "endpoints" | "prices">): Told {
  const sum = (what: "rpm" | "tpm"): number | undefined => {
    const limits = endpoints.map(({ quota }) =>
      quota !== undefined && what in quota ? quota[what as never] : undefined,
    );
    return limits.every((limit) => typeof limit === "number")
      ? limits.reduce<number>((a, b) => a + b, 0) || undefined
      : undefined;
  };
  return { rpm: sum("rpm"), tpm: sum("tpm"), currency: prices.currency };
}

/** Reads a run's progress again and again, and knows what the last minute brought. */
export class Standings {
  readonly #progress: Progress;
  readonly #told: Told;
  readonly #requests = new LastMinute();
  readonly #tokens = new LastMinute();

  constructor(progress: Progress, told: Told) {
    this.#progress = progress;
    this.#told = told;
  }

  now(): Standing {
    const { elapsedMs, attempts, sending, inputTokens, outputTokens } = this.#progress;
    const requestsPerMinute = this.#requests.perMinute(elapsedMs, attempts + sending);
    const tokensPerMinute = this.#tokens.perMinute(elapsedMs, inputTokens + outputTokens);
    return standingOf(this.#progress, this.#told, { requestsPerMinute, tokensPerMinute });
  }
}

/** How a run stands by its figures alone. */
export function standingOf(
  progress: Progress,
  { rpm, tpm, currency }: Told,
  rates: Pick<Standing, "requestsPerMinute" | "tokensPerMinute">,
): Standing {
  const { total, before, succeeded, failed, sending, attempts, rateLimited } = progress;
  const { inputTokens, outputTokens, cost, unpriced, elapsedMs } = progress;
  const done = before + succeeded + failed;
  const limits = { requestsLimit: rpm, tokensLimit: tpm };
  const waiting = Math.max(0, total - done - sending);
  const time = timeLeftMs({ left: total - done, doneNow: succeeded + failed, elapsedMs, rpm, tpm, ...progress });
  return {
    ...{ total, done, succeeded, failed, inFlight: sending, waiting },
    ...rates,
    ...limits,
    binds: time?.binds,
    ...{ attempts, rateLimited, inputTokens, outputTokens },
    cost: cost > 0 || unpriced === 0 ? cost : undefined,
    ...{ currency, elapsedMs, leftMs: time?.ms },
  };
}
