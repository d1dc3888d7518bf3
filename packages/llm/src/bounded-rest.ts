import type { Clock } from "bide";
import { cancellationOf } from "bide/kit";
import type { Rest } from "./answer.js";
import { Exchange } from "./exchange.js";

/** What cuts the reading of a rest. */
export interface RestBounds {
  readonly clock: Clock;
  /** How long a chunk of it may take. */
  readonly timeoutMs: number;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
}

/** The rest of a body, which is read when its request is long over: so that it cannot stall whoever reads it. */
export function boundedRest(rest: Rest, { clock, timeoutMs, signal }: RestBounds): Rest {
  return {
    cancel: (reason) => rest.cancel(reason),
    read: async () => {
      const exchange = new Exchange(clock);
      exchange.follow(signal && cancellationOf(signal));
      exchange.phase(timeoutMs, "body");
      try {
        return await exchange.orCut(rest.read());
      } catch (error) {
        rest.cancel(error).catch(ignore);
        throw error;
      } finally {
        exchange.release();
      }
    },
  };
}

function ignore(): void {}
