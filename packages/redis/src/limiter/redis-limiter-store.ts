import { randomUUID } from "node:crypto";
import type { Duration } from "bide";
import { checkInteger, checkKeys } from "bide/kit";
import type { RedisClient } from "../client.js";
import { Connection } from "../connection.js";
import { keysOf } from "../keys.js";
import {
  checkOnUnavailable,
  connectionOptions,
  finiteMs,
  type OnUnavailable,
  REDIS_STORE_DEFAULTS,
  type RedisStoreOptions,
  STORE_KEYS,
} from "../options.js";
import { LimiterInRedis, type RedisLimiterStore } from "./limiter-store.js";
import { LIMITER_KEYS, Link } from "./link.js";

/** Options of {@link redisLimiterStore}. */
export interface RedisLimiterStoreOptions extends RedisStoreOptions {
  /**
   * How long a reservation waits to be settled before it comes back to the quota: longer than any call lasts. One that is
   * settled later is charged what it really cost.
   *
   * @default "10m"
   */
  readonly lease?: Duration | undefined;
  /**
   * How many requests' worth a worker may take in advance, to hand them out without a round trip. It takes as much as it uses
   * up in `advanceFor`, and never more than half of what nobody waits for. 0: every request asks Redis.
   *
   * @default 0
   */
  readonly advance?: number | undefined;
  /**
   * How long a worker may keep what it took in advance. It bounds what a dead worker withholds, and how long a pause takes to
   * reach all workers.
   *
   * @default "100ms"
   */
  readonly advanceFor?: Duration | undefined;
  /**
   * While Redis does not answer: `"local-share"`, go on with this worker's share of the last known limits; `"stop"`, admit
   * nothing until it is back.
   *
   * @default "local-share"
   */
  readonly onUnavailable?: OnUnavailable | undefined;
  /** Among how many workers the limits are shared out then. @default as many as used the quota in the last 10 s before */
  readonly workers?: number | undefined;
}

/** The defaults of {@link redisLimiterStore}. */
export const REDIS_LIMITER_DEFAULTS: {
  readonly lease: Duration;
  readonly advance: number;
  readonly advanceFor: Duration;
} = Object.freeze({ lease: "10m", advance: 0, advanceFor: "100ms" });

const KEYS = [...STORE_KEYS, "lease", "advance", "advanceFor", "onUnavailable", "workers"];

/**
 * Keeps the buckets of a quota in Redis, where all its workers share them: `rateLimit(limits, { store })`.
 *
 * One round trip decides a request in all currencies, by the clock of the server. Workers that wait stand in one line. A
 * worker that tells the limits first sets them; others that tell the same ones join, and keep what was learned since.
 *
 * @throws OptionError for an option that is unknown or out of range.
 */
export function redisLimiterStore(client: RedisClient, options: RedisLimiterStoreOptions): RedisLimiterStore {
  checkKeys(options, KEYS, "redisLimiterStore");
  const { key, prefix = REDIS_STORE_DEFAULTS.prefix, workers } = options;
  const { onUnavailable = REDIS_STORE_DEFAULTS.onUnavailable } = options;
  const { lease, advance = REDIS_LIMITER_DEFAULTS.advance, advanceFor } = options;
  checkOnUnavailable(onUnavailable);
  checkInteger(advance, "advance", 0, false);
  if (workers !== undefined) checkInteger(workers, "workers", 1, false);
  const settings = connectionOptions(options);
  const { clock } = settings;
  const connection = new Connection(client, settings);
  const link = new Link({
    ...{ connection, clock },
    keys: keysOf(key, prefix, LIMITER_KEYS),
    worker: randomUUID(),
    leaseMs: finiteMs(lease ?? REDIS_LIMITER_DEFAULTS.lease, "lease"),
  });
  const forMs = finiteMs(advanceFor ?? REDIS_LIMITER_DEFAULTS.advanceFor, "advanceFor");
  return new LimiterInRedis({ link, connection, clock, onUnavailable, workers, advance: { most: advance, forMs } });
}
