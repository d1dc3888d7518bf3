import { rateLimit } from "bide";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OwnRedis, startRedis } from "../../../scripts/redis.mjs";
import { redisLimiterStore } from "../src/index.js";
import { quotasInRedis } from "./quota.js";
import { connectIoredis, ownPrefix } from "./redis.js";

const quota = quotasInRedis();

describe("while Redis does not answer", () => {
  test("each worker goes on with its share of what was left, at its share of the rate", async () => {
    const shared = quota();
    const [a, b] = [await shared.worker(), await shared.worker()];
    await b.ask();
    expect(await a.ask()).toBe("admitted");
    for (const worker of [a, b]) worker.cut(true);
    // Two were left when the first asked, three when the second did; a new one comes in for each every 200 ms.
    expect([await a.ask(), await a.ask(), await b.ask(), await b.ask()]).toEqual(["admitted", 200, "admitted", 100]);
    await shared.clock.advance(200);
    expect([await a.ask(), await a.ask()]).toEqual(["admitted", 200]);
  });

  test("as many share as were told, where nobody was heard yet", async () => {
    const shared = quota();
    const worker = await shared.worker({ workers: 4 });
    worker.cut(true);
    expect([await worker.ask(), await worker.ask()]).toEqual(["admitted", 400]);
  });

  test("a request that costs more than the share, but not more than the limit, goes all the same", async () => {
    const shared = quota();
    const worker = await shared.worker({ workers: 4 });
    worker.cut(true);
    expect(await worker.ask({ requests: 10 })).toBe("admitted");
    expect(await worker.ask({ requests: 11 })).toBe("too-large");
  });

  test("nothing goes when the store was told to stop", async () => {
    const shared = quota();
    const worker = await shared.worker({ onUnavailable: "stop" });
    worker.cut(true);
    expect(await worker.ask()).toBe(250);
    await shared.clock.advance(250);
    expect(await worker.ask()).toBe(500);
    worker.cut(false);
    await shared.clock.advance(500);
    expect(await worker.ask()).toBe("admitted");
  });

  test("a pause and other limits hold for the share as well, and for all when it is back", async () => {
    const shared = quota();
    const [worker, other] = [await shared.worker(), await shared.worker()];
    worker.cut(true);
    await worker.ask();
    await worker.store.pause(5000, worker.clock.nowMs());
    expect(await worker.ask()).toBe(5000);
    worker.cut(false);
    await shared.clock.advance(4000);
    await worker.ask();
    await worker.store.close();
    expect(await other.ask()).toBeGreaterThan(900);
  });
});

describe("an admission whose answer took too long", () => {
  test("is given back and asked for again, as others went meanwhile", async () => {
    const shared = quota();
    const [slow, other] = [await shared.worker(), await shared.worker()];
    const answer = await slow.late(600, () => slow.ask({ requests: 4 }));
    // Taken in full at first, given back, and taken once more 600 ms later.
    expect(answer).toBe("admitted");
    await slow.store.close();
    expect(await other.ask()).toBe(100);
  });
});

describe("when Redis is back", () => {
  test("it hears what was taken meanwhile, and of what was settled", async () => {
    const shared = quota({ requests: { per: "1h", limit: 40, burst: 40 } });
    const [worker, other] = [await shared.worker(), await shared.worker()];
    const reservation = await worker.limiter.acquire();
    worker.cut(true);
    expect(await worker.ask({ requests: 10 })).toBe("admitted");
    reservation.settle({ requests: 1 });
    worker.cut(false);
    await shared.clock.advance(250);
    await worker.ask();
    await worker.store.close();
    const held = (await shared.keys()).find((key) => key.endsWith(":held"));
    expect(held).toBeUndefined();
    expect(await other.ask({ requests: 30 })).toBeGreaterThan(0);
    expect(await other.ask({ requests: 28 })).toBe("admitted");
  });

  test("it is tried by one call at a time, after waits that double and are spread", async () => {
    const shared = quota();
    const tries: number[] = [];
    const chances = [0, 0.999];
    const worker = await shared.worker({ random: () => chances.shift() ?? 0 });
    worker.cut(true);
    await worker.ask();
    let seen = worker.tries();
    for (let ms = 25; ms <= 2500; ms += 25) {
      await shared.clock.advance(25);
      await Promise.all([worker.ask(), worker.ask()]);
      if (worker.tries() !== seen) tries.push(ms);
      seen = worker.tries();
    }
    // After half of 250 ms, one and a half of 500, half of 1000, half of 2000.
    expect(tries).toEqual([125, 875, 1375, 2375]);
  });

  test("the caller is told of each outage once, and of its end", async () => {
    const shared = quota();
    const told: unknown[] = [];
    const onAvailability = (error: unknown): void => {
      told.push(error === undefined ? "back" : String(error));
      throw new Error("a hook that only looks on");
    };
    const worker = await shared.worker({ onAvailability });
    worker.cut(true);
    await worker.ask();
    await shared.clock.advance(300);
    await worker.ask();
    worker.cut(false);
    await shared.clock.advance(1000);
    await worker.ask();
    await expect.poll(() => told).toEqual(["Error: cut", "back"]);
  });
});

describe("a server that is killed", () => {
  let server: OwnRedis;
  beforeAll(async () => {
    server = await startRedis();
  }, 30_000);
  afterAll(() => server.stop());

  test("holds nobody up, and takes over again when it is back", async () => {
    const { client, close } = await connectIoredis(server.url);
    const told: string[] = [];
    const store = redisLimiterStore(client, {
      key: "quota",
      prefix: ownPrefix(),
      timeout: "200ms",
      onAvailability: (error) => told.push(error === undefined ? "back" : "gone"),
    });
    const limiter = rateLimit({ requests: { per: "1s", limit: 1000, burst: 100 } }, { store });
    await limiter.acquire();
    await server.kill();
    await limiter.acquire();
    expect(told).toEqual(["gone"]);
    await server.restart();
    await expect
      .poll(async () => (await limiter.acquire()) && told, { timeout: 8000, interval: 50 })
      .toEqual(["gone", "back"]);
    await store.close();
    await close();
  }, 15_000);
});
