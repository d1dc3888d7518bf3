import type { Budget } from "../budget.js";
import type { Clock } from "../clock.js";
import type { Duration } from "../duration.js";
import type { Failure } from "../outcome.js";

/** What a budget holds. */
export interface BudgetState {
  /** Retries or hedges that would be granted now, each at a cost of one. Never negative. */
  readonly tokens: number;
  /** The most that it may hold. */
  readonly capacity: number;
}

/** A budget in memory. Hand the same value to every policy that is to spend from it. */
export interface RetryBudget extends Budget {
  readonly name: string | undefined;
  withdraw(failure?: Failure): boolean;
  state(): BudgetState;
}

interface CommonOptions {
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** For events. */
  readonly name?: string | undefined;
}

/** Options of {@link retryBudget}. */
export interface RetryBudgetOptions extends CommonOptions {
  /** Tokens that a call earns by succeeding; so the share of retries in the long run. >= 0. @default 0.1 */
  readonly perSuccess?: number | undefined;
  /** The most tokens that it may hold; it starts full. >= 1. @default 10 */
  readonly capacity?: number | undefined;
  /** Tokens earned by time alone, so that a client with few calls is not shut out for good. >= 0. @default 0.1 */
  readonly perSecond?: number | undefined;
  /** Tokens that a retry of this failure takes; a hedge has none. >= 0. @default () => 1 */
  readonly cost?: ((failure: Failure | undefined) => number) | undefined;
}

/** Options of `retryBudget.grpc`. */
export interface GrpcBudgetOptions extends CommonOptions {
  /** `maxTokens`; it starts full. > 0. @default 10 */
  readonly capacity?: number | undefined;
  /** `tokenRatio`: tokens that a success earns. > 0. @default 0.1 */
  readonly perSuccess?: number | undefined;
}

/** Options of `retryBudget.aws`. */
export interface AwsBudgetOptions extends CommonOptions {
  /** It starts full. >= the costs. @default 500 */
  readonly capacity?: number | undefined;
  /** Tokens that a retry takes, and a retry that succeeds gives back. > 0. @default 14 */
  readonly cost?: number | undefined;
  /** The same for the retry of a throttled call (status 429, or a code that says so). > 0. @default 5 */
  readonly throttleCost?: number | undefined;
}

/** Options of `retryBudget.finagle`. */
export interface FinagleBudgetOptions extends CommonOptions {
  /** Retries per first call. >= 0. @default 0.2 */
  readonly perStart?: number | undefined;
  /** Retries per second that are always there. >= 0. @default 10 */
  readonly perSecond?: number | undefined;
  /** How long a first call counts. > 0. @default "10s" */
  readonly window?: Duration | undefined;
}

/** The defaults of `retryBudget` and of its presets. */
export const RETRY_BUDGET_DEFAULTS: {
  readonly perSuccess: number;
  readonly capacity: number;
  readonly perSecond: number;
  readonly grpc: { readonly capacity: number; readonly perSuccess: number };
  readonly aws: { readonly capacity: number; readonly cost: number; readonly throttleCost: number };
  readonly finagle: { readonly perStart: number; readonly perSecond: number; readonly window: Duration };
} = /* @__PURE__ */ Object.freeze({
  perSuccess: 0.1,
  capacity: 10,
  perSecond: 0.1,
  grpc: /* @__PURE__ */ Object.freeze({ capacity: 10, perSuccess: 0.1 }),
  aws: /* @__PURE__ */ Object.freeze({ capacity: 500, cost: 14, throttleCost: 5 }),
  finagle: /* @__PURE__ */ Object.freeze({ perStart: 0.2, perSecond: 10, window: "10s" }),
});
