import type { Limits } from "bide";
import { describe, expect, test } from "vitest";
import { quotasInRedis } from "./quota.js";

const quota = quotasInRedis();

describe("workers that share a quota", () => {
  test("take from the same buckets, though their clocks are a minute apart", async () => {
    const shared = quota();
    const [early, late] = [await shared.worker({}, -30_000), await shared.worker({}, 30_000)];
    expect([await early.ask(), await late.ask(), await early.ask(), await late.ask()]).toEqual(
      Array(4).fill("admitted"),
    );
    expect(await early.ask()).toBe(100);
    expect(await late.ask()).toBe(200);
    await shared.clock.advance(100);
    expect(await early.ask()).toBe("admitted");
  });

  test("stand in one line: each is told its own turn, and finds its place when it comes", async () => {
    const shared = quota();
    const [a, b, c] = [await shared.worker(), await shared.worker(), await shared.worker()];
    await a.ask({ requests: 4 });
    expect([await a.ask(), await b.ask(), await c.ask()]).toEqual([100, 200, 300]);
    await shared.clock.advance(200);
    expect(await c.ask()).toBe(100);
    expect([await b.ask(), await a.ask(), await c.ask()]).toEqual(["admitted", "admitted", 100]);
  });

  test("lose their place when they do not come for it", async () => {
    const shared = quota();
    const [gone, other] = [await shared.worker(), await shared.worker()];
    await gone.ask({ requests: 4 });
    expect(await gone.ask({ requests: 4 })).toBe(400);
    expect(await other.ask()).toBe(500);
    await shared.clock.advance(400 + 500);
    expect(await other.ask({ requests: 4 })).toBe("admitted");
  });

  test("do not wait behind those who may use less than they may", async () => {
    const shared = quota();
    const [batch, chat] = [await shared.worker(), await shared.worker()];
    const reserve = { cost: { requests: 1 }, keepFree: 0.5 };
    await chat.ask({ requests: 2 });
    expect(await batch.store.reserve(reserve, batch.clock.nowMs())).toMatchObject({ waitMs: 100 });
    expect([await chat.ask(), await chat.ask()]).toEqual(["admitted", "admitted"]);
  });

  test("join with the limits that were learned, and change them for all", async () => {
    const shared = quota();
    const first = await shared.worker();
    await first.store.sync({ requests: { limit: 5 } }, first.clock.nowMs());
    const second = await shared.worker();
    expect(second.limiter.state().currencies["requests"]?.limit).toBe(5);
    second.limiter.update({ requests: { per: "1s", limit: 20, burst: 4 } });
    await first.ask();
    expect(first.limiter.state().currencies["requests"]?.limit).toBe(20);
  });

  test("heed a pause that one of them heard of, and let one go first after it", async () => {
    const shared = quota();
    const [a, b] = [await shared.worker(), await shared.worker()];
    await a.store.pause(300, a.clock.nowMs());
    expect(await b.ask()).toBe(300);
    await shared.clock.advance(300);
    expect([await b.ask(), await a.ask()]).toEqual(["admitted", 100]);
  });
});

describe("a reservation that nobody settles", () => {
  test("comes back when its lease ends, and not before", async () => {
    const shared = quota({ requests: { per: "1h", limit: 4, burst: 4 } });
    const [dead, other] = [await shared.worker({ lease: "1m" }), await shared.worker({ lease: "1m" })];
    await dead.ask({ requests: 4 });
    await shared.clock.advance("59s");
    expect(await other.ask({ requests: 4 })).toBeGreaterThan(3_500_000);
    await shared.clock.advance("1s");
    expect(await other.ask({ requests: 4 })).toBe("admitted");
  });

  test("is charged what it cost when it is settled after all", async () => {
    const shared = quota({ requests: { per: "1h", limit: 4, burst: 4 } });
    const worker = await shared.worker({ lease: "1m" });
    const { store, clock } = worker;
    const answer = await store.reserve({ cost: { requests: 4 }, keepFree: 0 }, clock.nowMs());
    await shared.clock.advance("1m");
    expect(answer.kind).toBe("admitted");
    if (answer.kind !== "admitted") return;
    await store.settle({ id: answer.id, cost: { requests: 4 }, actual: { requests: 3 } }, clock.nowMs());
    expect([await worker.ask(), await worker.ask()]).toEqual(["admitted", 900_000]);
  });
});

describe("what a worker takes in advance", () => {
  const MANY: Limits = { requests: { per: "1s", limit: 1000, burst: 100 } };

  test("is handed out without a round trip, and counted as taken", async () => {
    const shared = quota(MANY);
    const [worker, other] = [await shared.worker({ advance: 20 }), await shared.worker()];
    const before = worker.calls();
    for (let i = 0; i < 13; i++) expect(await worker.ask()).toBe("admitted");
    expect(worker.calls() - before).toBe(2);
    await other.ask({ requests: 1 });
    expect(other.limiter.state().currencies["requests"]?.level).toBe(100 - 14 - 1);
  });

  test("goes back when its time is over, also that of a worker that died", async () => {
    const shared = quota(MANY);
    const [worker, dead, other] = [
      await shared.worker({ advance: 20 }),
      await shared.worker({ advance: 20 }),
      await shared.worker(),
    ];
    await worker.ask();
    await dead.ask();
    dead.cut(true);
    await shared.clock.advance(100);
    await worker.store.close();
    expect(await other.ask({ requests: 100 })).toBe("admitted");
  });

  test("keeps the bucket so much lower that all of it can be spent at any moment", async () => {
    const shared = quota(MANY);
    const [holder, other] = [await shared.worker({ advance: 20, advanceFor: "10s" }), await shared.worker()];
    await holder.ask();
    await shared.clock.advance("5s");
    expect(await other.ask({ requests: 97 })).toBe(1);
    expect(await other.ask({ requests: 96 })).toBe("admitted");
  });

  test("is never more than half of what nobody waits for", async () => {
    const shared = quota();
    const worker = await shared.worker({ advance: 20 });
    await worker.ask();
    expect(worker.limiter.state().currencies["requests"]?.level).toBe(3);
    const other = await shared.worker();
    expect([await other.ask(), await other.ask(), await other.ask()]).toEqual(["admitted", "admitted", 100]);
  });

  test("ends with a pause", async () => {
    const shared = quota(MANY);
    const worker = await shared.worker({ advance: 20 });
    await worker.ask();
    await worker.store.pause(500, worker.clock.nowMs());
    expect(await worker.ask()).toBe(500);
  });

  test("is told what its requests really cost", async () => {
    const shared = quota({ tokens: { per: "1s", limit: 1000, burst: 1000 } });
    const [worker, other] = [await shared.worker({ advance: 4 }), await shared.worker()];
    const reservations = [await worker.limiter.acquire({ tokens: 100 }), await worker.limiter.acquire({ tokens: 100 })];
    for (const reservation of reservations) reservation.settle({ tokens: 300 });
    await shared.clock.advance(100);
    await worker.store.close();
    await other.ask({ tokens: 1 });
    expect(other.limiter.state().currencies["tokens"]?.level).toBe(1000 - 600 + 100 - 1);
  });
});

describe("Redis with another memory", () => {
  test("that lost everything begins with empty buckets, so that nothing is spent twice", async () => {
    const shared = quota();
    const worker = await shared.worker();
    await worker.ask({ requests: 4 });
    await shared.clear();
    expect(await worker.ask()).toBe(100);
  });

  test("that lost the last moments does so too", async () => {
    const shared = quota();
    const worker = await shared.worker();
    const [key = ""] = (await shared.keys()).filter((name) => name.endsWith(":limiter"));
    await shared.command("COPY", key, `${key}:before`);
    await worker.ask({ requests: 4 });
    await shared.command("COPY", `${key}:before`, key, "REPLACE");
    expect(await worker.ask()).toBe(100);
  });

  test("that forgot what was settled later heeds only the difference", async () => {
    const shared = quota();
    const { store, clock, ask } = await shared.worker();
    const answer = await store.reserve({ cost: { requests: 2 }, keepFree: 0 }, clock.nowMs());
    await shared.clear();
    await shared.clock.advance(1);
    await ask();
    expect(answer.kind).toBe("admitted");
    if (answer.kind !== "admitted") return;
    await store.settle({ id: answer.id, cost: { requests: 2 }, actual: { requests: 3 } }, clock.nowMs());
    expect(await ask()).toBe(200);
  });

  test("that has not heard of the quota for long begins with full ones", async () => {
    const shared = quota();
    const worker = await shared.worker();
    await worker.ask({ requests: 4 });
    await shared.clock.advance("11m");
    await shared.clear();
    expect(await worker.ask({ requests: 4 })).toBe("admitted");
  });
});

describe("the keys of a quota", () => {
  test("all go by themselves, and do not grow with what was settled", async () => {
    const shared = quota();
    const worker = await shared.worker();
    for (let i = 0; i < 50; i++) {
      const reservation = await worker.limiter.acquire();
      reservation.settle({ requests: 1 });
      await worker.store.close();
      await shared.clock.advance(100);
    }
    await worker.ask();
    const keys = await shared.keys();
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) {
      expect(Number(await shared.command("PTTL", key)), key).toBeGreaterThan(0);
    }
    const held = keys.find((key) => key.endsWith(":held")) ?? "";
    expect(await shared.command("ZRANGE", held, "0", "-1")).toEqual(['51 {"requests":1}']);
  });

  test("forget what was taken after five minutes", async () => {
    const shared = quota({ requests: { per: "1s", limit: 1000, burst: 1000 } });
    const worker = await shared.worker();
    const slices = async (): Promise<number> => {
      const key = (await shared.keys()).find((name) => name.endsWith(":taken"));
      return key === undefined ? 0 : Number(await shared.command("ZCARD", key));
    };
    for (let i = 0; i < 20; i++) {
      await worker.ask();
      await shared.clock.advance("30s");
    }
    expect(await slices()).toBeLessThanOrEqual(11);
  });
});
