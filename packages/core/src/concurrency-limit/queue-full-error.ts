import { BideError } from "../errors.js";

/** The queue for a concurrency limit is as long as it may be. The call was not made. */
export class ConcurrencyQueueFullError extends BideError {
  override readonly code = "BIDE_CONCURRENCY_QUEUE_FULL";
  override get name(): "ConcurrencyQueueFullError" {
    return "ConcurrencyQueueFullError";
  }
  /** @param limit How many calls may run at once. @param maxQueue How many may wait. */
  constructor(
    policy: string | undefined,
    readonly limit: number,
    readonly maxQueue: number,
  ) {
    const limiter = policy === undefined ? "concurrency limit" : `concurrency limit "${policy}"`;
    super(`${limiter}: ${limit} calls run and ${maxQueue} wait already, and no more may`);
  }
}
