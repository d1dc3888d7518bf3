export { type RedisBreakerStoreOptions, redisBreakerStore } from "./breaker/redis-breaker-store.js";
export { type RedisRetryBudget, type RedisRetryBudgetOptions, redisRetryBudget } from "./budget/redis-retry-budget.js";
export type { IoredisClient, NodeRedisClient, RedisClient } from "./client.js";
export { RedisAnswerError, RedisTimeoutError } from "./errors.js";
export type { RedisLimiterStore } from "./limiter/limiter-store.js";
export {
  REDIS_LIMITER_DEFAULTS,
  type RedisLimiterStoreOptions,
  redisLimiterStore,
} from "./limiter/redis-limiter-store.js";
export { type OnUnavailable, REDIS_STORE_DEFAULTS, type RedisStoreOptions } from "./options.js";
