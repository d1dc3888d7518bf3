import { type Clock, type Cost, type Limits, type RateLimitPolicy, rateLimit } from "bide";
import { type VirtualClock, virtualClock } from "bide/testing";
import { afterAll, afterEach, beforeAll } from "vitest";
import {
  type IoredisClient,
  type RedisLimiterStore,
  type RedisLimiterStoreOptions,
  redisLimiterStore,
} from "../src/index.js";
import { type Connected, clear, connectIoredis, ownPrefix, withServerTime } from "./redis.js";

/** One takes 100 ms to come in. */
const TEN: Limits = { requests: { per: "1s", limit: 10, burst: 4 } };

/** For the tests of a file: makes quotas in the Redis that there is, and leaves nothing of them in it. */
export function quotasInRedis(): (limits?: Limits) => Quota {
  let redis: Connected;
  let made: Quota[] = [];
  beforeAll(async () => {
    redis = await connectIoredis();
  });
  afterEach(async () => {
    for (const quota of made) await quota.clear();
    made = [];
  });
  afterAll(() => redis.close());
  return (limits = TEN) => {
    const quota = new Quota(redis, limits);
    made.push(quota);
    return quota;
  };
}

/** One who shares a quota, with its own client, so that calls can be counted and cut. */
export interface Worker {
  readonly store: RedisLimiterStore;
  readonly limiter: RateLimitPolicy;
  readonly clock: Clock;
  /** Round trips so far. */
  calls(): number;
  /** Round trips that were tried while Redis gave no answer. */
  tries(): number;
  /** From now on Redis gives no answer, or answers again. */
  cut(isCut: boolean): void;
  /** Does something whose first answer comes so many milliseconds late. */
  late<T>(ms: number, action: () => Promise<T>): Promise<T>;
  /** Asks the store; admitted or how long to wait, in milliseconds. */
  ask(cost?: Cost): Promise<"admitted" | number | string>;
}

/** A quota under a turned clock. */
export class Quota {
  readonly prefix: string = ownPrefix();
  readonly clock: VirtualClock = virtualClock({ startMs: 1_790_000_000_000 });
  readonly #connected: Connected;
  readonly #limits: Limits;

  constructor(connected: Connected, limits: Limits) {
    this.#connected = connected;
    this.#limits = limits;
  }

  /** @param offsetMs How far the worker's clock is ahead of the server's. */
  async worker(options: Partial<RedisLimiterStoreOptions> = {}, offsetMs = 0): Promise<Worker> {
    let calls = 0;
    let tries = 0;
    let isCut = false;
    let lateMs = 0;
    const served = withServerTime(this.#connected.client, () => this.clock.nowMs());
    const client: IoredisClient = {
      evalsha: (...args) => {
        if (!isCut) return served.evalsha(...args);
        tries++;
        return Promise.reject(new Error("cut"));
      },
      eval: async (...args) => {
        calls++;
        const answer = await served.eval(...args);
        const ms = lateMs;
        lateMs = 0;
        if (ms > 0) await this.clock.advance(ms);
        return answer;
      },
    };
    const clock = ahead(this.clock, offsetMs);
    const store = redisLimiterStore(client, {
      key: "quota",
      prefix: this.prefix,
      clock,
      random: () => 0.5,
      ...options,
    });
    const limiter = rateLimit(this.#limits, { store, clock });
    const ask: Worker["ask"] = async (cost = { requests: 1 }) => {
      const answer = await store.reserve({ cost, keepFree: 0 }, clock.nowMs());
      return answer.kind === "wait" ? answer.waitMs : answer.kind;
    };
    await store.close();
    const cut = (cuts: boolean): void => {
      isCut = cuts;
    };
    const late: Worker["late"] = (ms, action) => {
      lateMs = ms;
      return action();
    };
    return { store, limiter, clock, calls: () => calls, tries: () => tries, cut, late, ask };
  }

  keys(): Promise<readonly string[]> {
    return this.#connected.keys(this.prefix);
  }

  /** One command to the node that keeps the key. */
  command(name: string, key: string, ...rest: readonly string[]): Promise<unknown> {
    return this.#connected.command(name, key, ...rest);
  }

  /** Forgets it, as a Redis without a disk does. */
  clear(): Promise<void> {
    return clear(this.#connected, this.prefix);
  }
}

/** The same time, told with an offset. */
function ahead(clock: VirtualClock, offsetMs: number): Clock {
  return {
    nowMs: () => clock.nowMs() + offsetMs,
    wallNowMs: () => clock.wallNowMs() + offsetMs,
    sleep: (ms, signal) => clock.sleep(ms, signal),
    timer: (atMs, callback) => clock.timer(atMs - offsetMs, callback),
  };
}
