import { CircuitOpenError, circuitBreaker, type Failure, retry } from "bide";
import { virtualClock } from "bide/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type IoredisClient, redisBreakerStore, redisRetryBudget } from "../src/index.js";
import { type Connected, clear, connectIoredis, ownPrefix, withServerTime } from "./redis.js";

let redis: Connected;
const prefix = ownPrefix();
const failure = { error: new Error("down") } as unknown as Failure;

beforeAll(async () => {
  redis = await connectIoredis();
});
afterEach(() => clear(redis, prefix));
afterAll(() => redis.close());

/** Workers that share something, the time of them all, and what cuts one off. */
function world() {
  const clock = virtualClock({ startMs: 1_790_000_000_000 });
  const served = withServerTime(redis.client, () => clock.nowMs());
  const cuttable = () => {
    let isCut = false;
    const client: IoredisClient = {
      evalsha: (...args) => (isCut ? Promise.reject(new Error("cut")) : served.evalsha(...args)),
      eval: (...args) => served.eval(...args),
    };
    const cut = (cuts: boolean): void => {
      isCut = cuts;
    };
    return { client, cut };
  };
  return { clock, cuttable, options: { key: "shared", prefix, clock, random: () => 0.5 } };
}

const failing = async (): Promise<never> => {
  throw new Error("down");
};

describe("a breaker that workers share", () => {
  const rules = { failureRatio: 0.5, minimumCalls: 2, window: "30s", openFor: "5s" } as const;

  test("opens for all when the calls of all have failed", async () => {
    const { clock, cuttable, options } = world();
    const breakers = [cuttable(), cuttable()].map(({ client }) =>
      circuitBreaker({ ...rules, clock, store: redisBreakerStore(client, options) }),
    );
    for (const breaker of breakers) await expect(breaker.run(failing)).rejects.toThrow("down");
    await expect.poll(async () => (await breakers[0]?.state())?.status).toBe("open");
    for (const breaker of breakers) await expect(breaker.run(failing)).rejects.toThrow(CircuitOpenError);
  });

  test("stands as it was last known while Redis is gone, and is asked again when it is back", async () => {
    const { clock, cuttable, options } = world();
    const { client, cut } = cuttable();
    const breaker = circuitBreaker({ ...rules, clock, store: redisBreakerStore(client, options) });
    await breaker.open();
    cut(true);
    expect((await breaker.state()).status).toBe("open");
    await expect(breaker.run(async () => 1)).rejects.toThrow(CircuitOpenError);
    await clock.advance("5s");
    cut(false);
    await breaker.state();
    await expect.poll(() => breaker.run(async () => 2)).toBe(2);
  });

  test("refuses everything while Redis is gone, when it was told to stop", async () => {
    const { clock, cuttable, options } = world();
    const { client, cut } = cuttable();
    const store = redisBreakerStore(client, { ...options, onUnavailable: "stop" });
    const breaker = circuitBreaker({ ...rules, clock, store });
    cut(true);
    await expect(breaker.run(async () => 1)).rejects.toMatchObject({ code: "BIDE_CIRCUIT_OPEN", retryAfterMs: 250 });
  });

  test("is forgotten some time after its last call", async () => {
    const { clock, cuttable, options } = world();
    const breaker = circuitBreaker({ ...rules, clock, store: redisBreakerStore(cuttable().client, options) });
    await breaker.isolate();
    const [key = ""] = await redis.keys(prefix);
    expect(Number(await redis.command("PTTL", key))).toBeGreaterThan(86_400_000);
  });
});

describe("a budget that workers share", () => {
  test("is spent by all, and earned by all", async () => {
    const { cuttable, options } = world();
    const [a, b] = [cuttable(), cuttable()].map(({ client }) =>
      redisRetryBudget(client, { ...options, capacity: 2, perSuccess: 0.5, perSecond: 0 }),
    );
    expect([await a?.withdraw(failure), await b?.withdraw(failure), await a?.withdraw(failure)]).toEqual([
      true,
      true,
      false,
    ]);
    b?.deposit(false);
    b?.deposit(false);
    await b?.close();
    expect([await a?.withdraw(), await b?.withdraw()]).toEqual([true, false]);
    expect(a?.state()).toEqual({ tokens: 0, capacity: 2 });
  });

  test("earns by time, and tells once a second what its calls earned", async () => {
    const { clock, cuttable, options } = world();
    const budget = redisRetryBudget(cuttable().client, { ...options, capacity: 1, perSecond: 0.1 });
    expect([await budget.withdraw(), await budget.withdraw()]).toEqual([true, false]);
    await clock.advance("10s");
    expect(await budget.withdraw()).toBe(true);
    for (let i = 0; i < 10; i++) budget.deposit(false);
    await clock.advance("1s");
    await expect.poll(() => budget.state().tokens).toBe(1);
  });

  test("leaves each worker its share while Redis is gone, or nothing where it was told to stop", async () => {
    const { cuttable, options } = world();
    const rules = { ...options, capacity: 4, perSecond: 0 };
    const [a, b] = [cuttable(), cuttable()];
    const shared = redisRetryBudget(a.client, rules);
    const stopping = redisRetryBudget(b.client, { ...rules, onUnavailable: "stop" });
    await stopping.withdraw();
    await shared.withdraw();
    for (const { cut } of [a, b]) cut(true);
    expect([await shared.withdraw(), await shared.withdraw(), await shared.withdraw()]).toEqual([true, true, false]);
    expect(await stopping.withdraw()).toBe(false);
  });

  test("keeps retries within it, for whoever uses it", async () => {
    const { cuttable, options } = world();
    const budget = redisRetryBudget(cuttable().client, { ...options, capacity: 1, perSecond: 0 });
    let calls = 0;
    const policy = retry({ budget, jitter: null, schedule: [0, 0, 0], maxAttempts: 4 });
    const outcome = await policy.outcome(async () => {
      calls++;
      throw new Error("down");
    });
    expect([calls, outcome.reason]).toEqual([2, "budget-exhausted"]);
  });
});
