import { BideError } from "../errors.js";

/** A request costs more than its limit can ever give. It was not queued. */
export class CostTooLargeError extends BideError {
  override readonly code = "BIDE_COST_TOO_LARGE";
  override get name(): "CostTooLargeError" {
    return "CostTooLargeError";
  }
  override get isFinal(): true {
    return true;
  }
  /** @param capacity The most that one request may cost in this currency. */
  constructor(
    limiter: string | undefined,
    readonly currency: string,
    readonly cost: number,
    readonly capacity: number,
  ) {
    super(`${called(limiter)}: the request costs ${cost} ${currency}, and one may cost at most ${capacity}`);
  }
}

/** A request cannot be admitted before its deadline. It was not sent, and waits no longer. */
export class AdmissionDeadlineError extends BideError {
  override readonly code = "BIDE_ADMISSION_DEADLINE";
  override get name(): "AdmissionDeadlineError" {
    return "AdmissionDeadlineError";
  }
  /**
   * @param retryAfterMs Milliseconds until it could have been admitted at the earliest, with those who wait before it.
   * @param untilDeadlineMs Milliseconds that were left until the deadline.
   * @param binds What it waited for: a currency, or `"pause"`.
   */
  constructor(
    limiter: string | undefined,
    readonly retryAfterMs: number,
    readonly untilDeadlineMs: number,
    readonly binds: string,
  ) {
    const left = Math.max(0, Math.round(untilDeadlineMs));
    super(
      `${called(limiter)}: the request could go in ${Math.ceil(retryAfterMs)} ms at the earliest (${binds}), its deadline is in ${left} ms`,
    );
  }
}

/** The queue is as long as it may be. The request was not sent. */
export class AdmissionQueueFullError extends BideError {
  override readonly code = "BIDE_ADMISSION_QUEUE_FULL";
  override get name(): "AdmissionQueueFullError" {
    return "AdmissionQueueFullError";
  }
  /** @param maxQueue How many requests may wait. */
  constructor(
    limiter: string | undefined,
    readonly maxQueue: number,
  ) {
    super(`${called(limiter)}: ${maxQueue} requests wait already, and no more may`);
  }
}

function called(limiter: string | undefined): string {
  return limiter === undefined ? "rate limit" : `rate limit "${limiter}"`;
}
