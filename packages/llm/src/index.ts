export { answerTextOf } from "./answer-text.js";
export type { Bide, CallNotes, LlmFetch } from "./bide.js";
export { decisionOf } from "./classify/client-error.js";
export type { Decision, DecisionClass, Dimension, Evidence, Scope } from "./classify/decision.js";
export type { ErrorBody } from "./classify/error-body.js";
export type { ErrorFacts, Rule } from "./classify/rules.js";
export type { CuttableFetch, RequestCut } from "./cuttable-fetch.js";
export type { Dialect, Usage } from "./dialects/dialect.js";
export {
  AnswerRejectedError,
  type InterruptReason,
  MalformedAnswerError,
  RequestTimeoutError,
  StreamInterruptedError,
  type WaitedFor,
} from "./errors.js";
export type { LlmEvent, LlmListener } from "./events.js";
export type { HintSource } from "./hints/hint.js";
export type { LimitLevel, LimitLevels } from "./hints/limit-headers.js";
export type { BreakerOptions } from "./host-breakers.js";
export type { ToldLimits } from "./limit-board.js";
export { llmFetch } from "./llm-fetch.js";
export {
  type FallbackTrigger,
  MODEL_FALLBACK_DEFAULTS,
  type ModelChoice,
  type ModelFallback,
  type ModelFallbackOptions,
  type ModelFallen,
  modelFallback,
} from "./model-fallback.js";
export { LLM_DEFAULTS, type LlmOptions } from "./options.js";
export { PRICE_LIST } from "./price-list.js";
export {
  checkPrices,
  costOf,
  type Price,
  type PriceList,
  PriceListError,
  type Prices,
  parsePriceList,
  priceOf,
} from "./prices.js";
export type { LimitSource } from "./quota/bucket.js";
export type { CostModel } from "./quota/cost-models.js";
export { QUOTA_DEFAULTS, type QuotaOptions } from "./quota/options.js";
export { Quota, type QuotaListener } from "./quota/quota.js";
export { type BucketState, type LaneChange, type LaneState, type QuotaChanged, timeToAdmitMs } from "./quota/state.js";
export { type CountTokens, type RequestSize, sizeOf as requestSizeOf } from "./request/facts.js";
export { type Derivable, resilient } from "./resilient.js";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.js";
export type { LlmStats } from "./stats.js";
export { TIMEOUT_DEFAULTS, type Timeouts } from "./timeouts.js";
export { usageOf } from "./usage.js";
export type { WholeResponse } from "./whole-answer.js";
