import type { Operation, RunOptions, Trace } from "../outcome.js";
import { Passage } from "../passage.js";
import type { Call, Execute } from "../policy.js";
import { AdmissionDeadlineError } from "./errors.js";
import type { Limiter } from "./limiter.js";
import type { AcquireOptions, Prices } from "./options.js";

/** Runs an operation when it was admitted. What it cost stays spent, whatever came of it. */
export function executeRateLimit(limiter: Limiter, prices: Prices): Execute {
  return async <T>(
    operation: Operation<T>,
    options: RunOptions | undefined,
    trace: Trace | undefined,
    call: Call | undefined,
  ): Promise<T> => {
    const passage = new Passage(options, limiter.clock);
    const { attempt } = passage;
    let isSent = false;
    try {
      const { priority = prices.priority(call) }: AcquireOptions = options ?? {};
      const reservation = await limiter.acquire(prices.cost(call), attempt, priority);
      try {
        return await passage.step(() => {
          isSent = true;
          return operation(attempt);
        });
      } finally {
        // The store hears that the call ended. One that was cut before it was sent costs nothing.
        if (isSent) reservation.settle(reservation.cost);
        else reservation.refund();
      }
    } catch (error) {
      if (trace && !isSent && error instanceof AdmissionDeadlineError) trace.reason = "deadline";
      throw error;
    } finally {
      passage.end();
    }
  };
}
