import { BideError } from "bide";

/** Redis gave no answer in time. Whether it did what it was asked is not known. */
export class RedisTimeoutError extends BideError {
  override readonly code = "BIDE_REDIS_TIMEOUT";
  override get name(): "RedisTimeoutError" {
    return "RedisTimeoutError";
  }
  /** @param timeoutMs How long the answer was waited for, in milliseconds. */
  constructor(readonly timeoutMs: number) {
    super(`Redis gave no answer within ${timeoutMs} ms`);
  }
}

/** Redis answered what the script does not answer: another version of it, or something between that changes answers. */
export class RedisAnswerError extends BideError {
  override readonly code = "BIDE_REDIS_ANSWER";
  override get name(): "RedisAnswerError" {
    return "RedisAnswerError";
  }
}
