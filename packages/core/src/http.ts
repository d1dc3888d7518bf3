export { RETRYING_FETCH_DEFAULTS, type RetryingFetchOptions } from "./http/options.js";
export { parseRateLimit, type RateLimitQuota } from "./http/rate-limit-fields.js";
export type { BodyMaker, RetryingRequestInit } from "./http/request.js";
export { type HeaderFields, parseRetryAfter } from "./http/retry-after.js";
export { type RetryingFetch, retryingFetch } from "./http/retrying-fetch.js";
