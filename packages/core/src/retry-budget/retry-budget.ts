import { toFiniteMs } from "../duration.js";
import { optionError } from "../errors.js";
import { checkFunction, checkKeys, checkNumber } from "../options.js";
import type { Failure } from "../outcome.js";
import {
  type AwsBudgetOptions,
  type FinagleBudgetOptions,
  type GrpcBudgetOptions,
  RETRY_BUDGET_DEFAULTS,
  type RetryBudget,
  type RetryBudgetOptions,
} from "./options.js";
import { StartBudget } from "./start-budget.js";
import { TokenBudget, type TokenRules } from "./token-budget.js";

/** See {@link retryBudget}. */
export interface RetryBudgetFactory {
  (options?: RetryBudgetOptions): RetryBudget;
  /**
   * gRPC's rule: a success earns a little, *every* failure costs one, and retries are made while more than half is there.
   * Quick to bite: it stops at a failure rate of about 9 % with its defaults.
   *
   * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md "Throttling Retry Attempts and Hedged RPCs"
   */
  grpc(options?: GrpcBudgetOptions): RetryBudget;
  /**
   * The AWS SDKs' rule: a retry costs 14 (5 after throttling), gets its cost back when it succeeds, and a first call that
   * succeeds earns 1. Lenient: it stops at a failure rate of about 21 % with its defaults.
   *
   * @see https://github.com/smithy-lang/smithy-typescript packages/util-retry
   */
  aws(options?: AwsBudgetOptions): RetryBudget;
  /**
   * Finagle's rule: a share of the first calls of the last seconds, and a floor. It goes on paying in a total outage.
   *
   * @see https://github.com/twitter/finagle finagle-core/src/main/scala/com/twitter/finagle/service/RetryBudget.scala
   */
  finagle(options?: FinagleBudgetOptions): RetryBudget;
}

/**
 * What a client may spend on calls beyond the first ones, as a value: hand the same one to `retry` and `hedge`.
 *
 * Each success earns a fraction of a token, each retry takes one, and without a token there is no retry: at once, for whoever
 * waited for tokens would stop producing the successes that earn them. In an outage the retries cease, whatever the retry
 * policies allow; as calls succeed, they come back.
 *
 * @throws OptionError for an option that is unknown or out of range.
 */
export const retryBudget: RetryBudgetFactory = /* @__PURE__ */ Object.assign(
  /* @__PURE__ */ Object.defineProperty(successBudget, "name", { value: "retryBudget" }),
  { grpc, aws, finagle },
);

function successBudget(options: RetryBudgetOptions = {}): RetryBudget {
  checkKeys(options, ["perSuccess", "capacity", "perSecond", "cost", "clock", "name"], "retryBudget");
  const {
    perSuccess = RETRY_BUDGET_DEFAULTS.perSuccess,
    capacity = RETRY_BUDGET_DEFAULTS.capacity,
    perSecond = RETRY_BUDGET_DEFAULTS.perSecond,
  } = options;
  checkNumber(perSuccess, "perSuccess", ">= 0");
  checkNumber(capacity, "capacity", ">= 1");
  checkNumber(perSecond, "perSecond", ">= 0");
  checkFunction(options.cost, "cost");
  const cost = costOf(options.cost);
  const rules: TokenRules = { capacity, perSecond, earned: () => perSuccess, perFailure: 0, needed: cost, cost };
  return new TokenBudget(rules, options.clock, options.name);
}

/** The caller's own price, which must be one: NaN would be granted or refused by chance, and less than nothing would earn. */
function costOf(cost: RetryBudgetOptions["cost"]): TokenRules["cost"] {
  if (cost === undefined) return () => 1;
  return (failure) => {
    const price = cost(failure);
    if (!(price >= 0)) throw optionError("cost", "a function that answers a number >= 0", price);
    return price;
  };
}

function grpc(options: GrpcBudgetOptions = {}): RetryBudget {
  checkKeys(options, ["capacity", "perSuccess", "clock", "name"], "retryBudget.grpc");
  const defaults = RETRY_BUDGET_DEFAULTS.grpc;
  const { capacity = defaults.capacity, perSuccess = defaults.perSuccess } = options;
  checkNumber(capacity, "capacity", "> 0");
  checkNumber(perSuccess, "perSuccess", "> 0");
  const rules: TokenRules = {
    capacity,
    perSecond: 0,
    earned: () => perSuccess,
    perFailure: 1,
    needed: () => capacity / 2 + LEAST_ABOVE,
    cost: () => 0,
  };
  return new TokenBudget(rules, options.clock, options.name);
}

function aws(options: AwsBudgetOptions = {}): RetryBudget {
  checkKeys(options, ["capacity", "cost", "throttleCost", "clock", "name"], "retryBudget.aws");
  const defaults = RETRY_BUDGET_DEFAULTS.aws;
  const { capacity = defaults.capacity, cost = defaults.cost, throttleCost = defaults.throttleCost } = options;
  checkNumber(cost, "cost", "> 0");
  checkNumber(throttleCost, "throttleCost", "> 0");
  checkNumber(capacity, "capacity", `>= ${Math.max(cost, throttleCost)}`);
  const costOfRetry = (failure: Failure | undefined): number => (isThrottle(failure?.error) ? throttleCost : cost);
  const rules: TokenRules = {
    capacity,
    perSecond: 0,
    earned: (extra, previous) => (extra ? costOfRetry(previous) : 1),
    perFailure: 0,
    needed: costOfRetry,
    cost: costOfRetry,
  };
  return new TokenBudget(rules, options.clock, options.name);
}

function finagle(options: FinagleBudgetOptions = {}): RetryBudget {
  checkKeys(options, ["perStart", "perSecond", "window", "clock", "name"], "retryBudget.finagle");
  const defaults = RETRY_BUDGET_DEFAULTS.finagle;
  const { perStart = defaults.perStart, perSecond = defaults.perSecond, window = defaults.window } = options;
  checkNumber(perStart, "perStart", ">= 0");
  checkNumber(perSecond, "perSecond", ">= 0");
  const windowMs = toFiniteMs(window, "window");
  return new StartBudget({ perStart, perSecond, windowMs }, options.clock, options.name);
}

/** "More than half", where sums of tenths are a little off. */
const LEAST_ABOVE = 2e-9;

const THROTTLED = /throttl|too_?many_?requests|rate_?limit|slow_?down|bandwidth_?limit|provisioned_?throughput/i;

/** The throttling codes of the AWS SDKs, in a form that others' codes fit too. */
function isThrottle(error: unknown): boolean {
  const { status, code, name } = Object(error) as {
    readonly status?: unknown;
    readonly code?: unknown;
    readonly name?: unknown;
  };
  return status === 429 || THROTTLED.test(String(code) + String(name));
}
