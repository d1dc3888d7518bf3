export type { BackoffOptions } from "./backoff/config.js";
export type { Details, Handler, HandlerOptions, Handlers } from "./backoff/details.js";
export type { Budget } from "./budget.js";
export type { CallResult, CircuitRules, CircuitStatus } from "./circuit-breaker/circuit.js";
export { type CircuitBreaker, circuitBreaker } from "./circuit-breaker/circuit-breaker.js";
export { CircuitOpenError } from "./circuit-breaker/circuit-open-error.js";
export { CIRCUIT_BREAKER_DEFAULTS, type CircuitBreakerOptions } from "./circuit-breaker/options.js";
export {
  type Admission,
  type BreakerRules,
  type BreakerStore,
  type BreakerStoreFactory,
  type CircuitState,
  memoryBreakerStore,
  type Transition,
} from "./circuit-breaker/store.js";
export type { Tally } from "./circuit-breaker/window.js";
export { type Clock, systemClock } from "./clock.js";
export { compose } from "./compose.js";
export type { CallEnd } from "./concurrency-limit/aimd.js";
export {
  type ConcurrencyLimit,
  type ConcurrencyState,
  concurrencyLimit,
} from "./concurrency-limit/concurrency-limit.js";
export {
  type AdaptiveLimitOptions,
  CONCURRENCY_LIMIT_DEFAULTS,
  type ConcurrencyLimitOptions,
  type FixedLimitOptions,
  type SlotOptions,
} from "./concurrency-limit/options.js";
export { isOverload } from "./concurrency-limit/overload.js";
export { ConcurrencyQueueFullError } from "./concurrency-limit/queue-full-error.js";
export type { Slot } from "./concurrency-limit/slots.js";
export { describe, type PolicyDescription } from "./describe.js";
export type { Duration } from "./duration.js";
export type { ErrorClass, ErrorMatch } from "./error-class.js";
export { AttemptTimeoutError, BideError, DeadlineError, OptionError, ResultRejectedError } from "./errors.js";
export {
  type AdmissionGranted,
  type AdmissionQueued,
  type AttemptFailed,
  type AttemptStarted,
  type BudgetExhausted,
  type CallQueued,
  type CallRefused,
  type CallTimedOut,
  type CircuitClosed,
  type CircuitHalfOpened,
  type CircuitIsolated,
  type CircuitOpened,
  type FallbackUsed,
  type HedgeRefused,
  type HedgeStarted,
  type HedgeWon,
  type HookFailed,
  type LimitChanged,
  type LimiterPaused,
  type LimiterSynced,
  type LimiterUpdated,
  type Listener,
  observe,
  type PolicyEvent,
  type RetryScheduled,
  type RunGaveUp,
  type RunSucceeded,
  type StoreFailed,
} from "./events.js";
export { type FallbackOptions, fallback, type Other } from "./fallback.js";
export { type HedgePolicy, type HedgeState, hedge } from "./hedge/hedge.js";
export {
  type FixedHedgeOptions,
  HEDGE_DEFAULTS,
  type HedgeOptions,
  type LearnedHedgeOptions,
} from "./hedge/options.js";
export { equalJitter, fullJitter, type Jitter, randomJitter } from "./jitter.js";
export { type Logger, type LogLevel, type LogOptions, log } from "./log.js";
export { type OnExceptionOptions, onException } from "./on-exception.js";
export { type OnPredicateOptions, onPredicate } from "./on-predicate.js";
export type {
  Attempt,
  ErrorFailure,
  Failure,
  GivenUp,
  Operation,
  Outcome,
  Reason,
  ResultFailure,
  RunOptions,
  Success,
} from "./outcome.js";
export type { IterateOptions, LayerDescription, Policy } from "./policy.js";
export { type Random, systemRandom } from "./random.js";
export { AdmissionDeadlineError, AdmissionQueueFullError, CostTooLargeError } from "./rate-limit/errors.js";
export type { LimiterState } from "./rate-limit/limiter.js";
export type { Cost, Limit, Limits, Rate } from "./rate-limit/limits.js";
export { memoryLimiterStore } from "./rate-limit/memory-store.js";
export { type AcquireOptions, RATE_LIMIT_DEFAULTS, type RateLimitOptions } from "./rate-limit/options.js";
export { type RateLimitPolicy, rateLimit } from "./rate-limit/rate-limit.js";
export type { Reservation } from "./rate-limit/reservation.js";
export type {
  CurrencyState,
  Eventually,
  LimiterStore,
  ReserveAnswer,
  ReserveRequest,
  ServerLevel,
  ServerLevels,
  Settlement,
  StoreState,
} from "./rate-limit/store.js";
export type { BlockAttempt, Tried } from "./retry/attempts.js";
export {
  type On,
  RETRY_DEFAULTS,
  type RetryOptions,
  type RetryRule,
  type Verdict,
} from "./retry/options.js";
export { type Retry, type RetryPolicy, type RunNowOptions, retry } from "./retry/retry.js";
export {
  type AwsBudgetOptions,
  type BudgetState,
  type FinagleBudgetOptions,
  type GrpcBudgetOptions,
  RETRY_BUDGET_DEFAULTS,
  type RetryBudget,
  type RetryBudgetOptions,
} from "./retry-budget/options.js";
export { type RetryBudgetFactory, retryBudget } from "./retry-budget/retry-budget.js";
export { concat, longest, shortest, take } from "./schedule/combine.js";
export { constant } from "./schedule/constant.js";
export { type DecayOptions, decay } from "./schedule/decay.js";
export { type DecorrelatedOptions, decorrelated } from "./schedule/decorrelated.js";
export { type ExpoOptions, expo } from "./schedule/expo.js";
export { type FiboOptions, fibo } from "./schedule/fibo.js";
export { type PolynomialOptions, polynomial } from "./schedule/polynomial.js";
export { runtime, type WaitOf } from "./schedule/runtime.js";
export type { Live, Schedule } from "./schedule.js";
export { CallTimeoutError, type TimeoutOptions, timeout } from "./timeout.js";
export { isTransient } from "./transient.js";
export type { Wrapped } from "./wrapped.js";
export { wraps } from "./wraps.js";
