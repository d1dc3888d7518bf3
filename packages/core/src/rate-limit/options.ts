import type { Clock } from "../clock.js";
import { type Duration, toMs } from "../duration.js";
import { checkFunction, checkInteger, checkKeys, checkMethods, checkNumber, checkPriority } from "../options.js";
import type { RunOptions } from "../outcome.js";
import type { Call } from "../policy.js";
import type { Cost } from "./limits.js";
import { memoryLimiterStore } from "./memory-store.js";
import type { LimiterStore } from "./store.js";

/** The defaults of {@link rateLimit}. */
export const RATE_LIMIT_DEFAULTS: Readonly<
  Record<"maxQueue" | "interactiveShare" | "arrivalJitter" | "priority", number> & { readonly ageing: Duration }
> = /* @__PURE__ */ Object.freeze({
  maxQueue: Number.POSITIVE_INFINITY,
  ageing: "30s",
  interactiveShare: 0,
  arrivalJitter: 0,
  priority: 0,
});

/** Options of {@link rateLimit}. */
export interface RateLimitOptions<Args extends readonly unknown[] = readonly unknown[]> {
  /** What a wrapped call costs, by its arguments. What it throws is thrown to the caller. @default one request */
  readonly cost?: ((...args: Args) => Cost) | undefined;
  /** How important a call through the policy is; see {@link AcquireOptions}. @default 0 */
  readonly priority?: number | ((...args: Args) => number) | undefined;
  /** Where the buckets are kept. It is told the limits at once. @default in memory, for this policy alone */
  readonly store?: LimiterStore | undefined;
  /** How many requests may wait; one more is refused with an `AdmissionQueueFullError`. 0: nobody waits. @default Infinity */
  readonly maxQueue?: number | undefined;
  /**
   * Who has waited so long is overtaken by nine more at most. `Infinity`: priority is all that counts, and the unimportant
   * may starve.
   *
   * @default "30s"
   */
  readonly ageing?: Duration | undefined;
  /**
   * The share of each burst, 0 to below 1, that only requests with a priority above 0 may use. It costs no throughput: it is
   * held back once, not again and again. Let it hold one of them: of a burst of 50 requests, 0.1 keeps 5.
   *
   * @default 0
   */
  readonly interactiveShare?: number | undefined;
  /**
   * How much later than others a request may reach the server. A bucket that was full counts as filling only from then on, so
   * that a server that counts the same is not asked too soon: it costs that time once, after each pause in the traffic.
   *
   * @default 0
   */
  readonly arrivalJitter?: Duration | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** For events and errors. */
  readonly name?: string | undefined;
}

/** Bounds and importance of one admission. */
export interface AcquireOptions extends RunOptions {
  /** Higher goes first; equals go in the order they came. Above 0: may use the interactive share. @default 0 */
  readonly priority?: number | undefined;
  /** It was admitted before, and was turned away: it goes before its equals who were not. @default false */
  readonly isAgain?: boolean | undefined;
}

const KEYS = ["cost", "priority", "store", "maxQueue", "ageing", "interactiveShare", "arrivalJitter", "clock", "name"];

/** What a limiter is made of. */
export interface LimiterConfig {
  readonly store: LimiterStore;
  readonly clock: Clock | undefined;
  readonly name: string | undefined;
  readonly maxQueue: number;
  readonly ageingMs: number;
  readonly interactiveShare: number;
  readonly jitterMs: number;
}

/** What a limiter is made of, by the options. @throws OptionError for one that is unknown or out of range. */
export function configOf(options: RateLimitOptions<never>): LimiterConfig {
  checkKeys(options, KEYS, "rateLimit");
  const { store, clock, name } = options;
  const defaults = RATE_LIMIT_DEFAULTS;
  const { maxQueue = defaults.maxQueue, interactiveShare: share = defaults.interactiveShare } = options;
  const { ageing = defaults.ageing, arrivalJitter = defaults.arrivalJitter } = options;
  checkMethods(store, "store", ["reserve", "settle", "sync", "pause", "update", "state"], "a LimiterStore");
  checkInteger(maxQueue, "maxQueue", 0);
  checkNumber(share, "interactiveShare", ">= 0 and < 1");
  return {
    store: store ?? memoryLimiterStore(),
    clock,
    name,
    maxQueue,
    ageingMs: toMs(ageing, "ageing"),
    interactiveShare: share,
    jitterMs: toMs(arrivalJitter, "arrivalJitter"),
  };
}

/** What a call costs and how important it is, by its arguments. */
export interface Prices {
  cost(call: Call | undefined): Cost | undefined;
  priority(call: Call | undefined): number;
}

/** The prices of the options. @throws OptionError for what is no function and no number. */
export function pricesOf({ cost, priority = RATE_LIMIT_DEFAULTS.priority }: RateLimitOptions<never>): Prices {
  checkFunction(cost, "cost");
  checkPriority(priority);
  return {
    cost: (call) => call && cost?.(...(call.args as never)),
    priority: (call) => {
      if (typeof priority !== "function") return priority;
      return call ? priority(...(call.args as never)) : RATE_LIMIT_DEFAULTS.priority;
    },
  };
}
