import { type RedisLimiterStore, type RedisLimiterStoreOptions, redisLimiterStore } from "@bide/redis";
import type { LimiterStore } from "bide";
import { connect } from "./engine.js";

/** Options of {@link shareQuota}; those of the stores, but for their names. */
export interface SharedQuotaOptions extends Omit<RedisLimiterStoreOptions, "key" | "onAvailability"> {
  /** Hears of each outage once, and of its end. */
  readonly onAvailability?: ((error: unknown) => void) | undefined;
}

/** A quota that processes share. */
export interface SharedQuota {
  /** Makes the store of a lane: the `store` of a `Quota` of `@bide/llm`. */
  readonly store: (lane: string) => LimiterStore;
  /** Gives back what was taken in advance, and lets go of Redis. */
  close(): Promise<void>;
}

/** Keeps the buckets of all lanes of a quota in a Redis, where every process that names it shares them. */
export function shareQuota(redis: string, options: SharedQuotaOptions = {}): SharedQuota {
  const client = connect(redis);
  const stores: RedisLimiterStore[] = [];
  return {
    store: (lane) => {
      const store = redisLimiterStore(client, { ...options, key: keyOf(lane) });
      stores.push(store);
      return store;
    },
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
      client.disconnect();
    },
  };
}

/** A key may have no braces, and a model's name may have any. */
function keyOf(lane: string): string {
  return lane.replace(/[{}]/g, "_");
}
