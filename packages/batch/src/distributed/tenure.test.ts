import { type VirtualClock, virtualClock } from "bide/testing";
import { describe, expect, test } from "vitest";
import { Tenures } from "./tenure.js";

const CLAIM = { id: "item-1", token: "mine" };

/** A Redis that answers `leftMs` after `delayMs`. */
function tenuresOver(clock: VirtualClock, redis: { leftMs: number; delayMs?: number }): Tenures {
  return new Tenures({
    clock,
    everyMs: 250,
    leftMs: async (claims) => {
      const { leftMs } = redis;
      await clock.sleep(redis.delayMs ?? 0);
      return claims.map(() => leftMs);
    },
  });
}

describe("a job in a worker's hands", () => {
  test("is surely its own for as long as Redis said, counted from when it was asked", async () => {
    const clock = virtualClock();
    const redis = { leftMs: 1000, delayMs: 100 };
    const tenure = await clock.run(tenuresOver(clock, redis).begin(CLAIM));
    // Nobody answers any more.
    redis.delayMs = Number.POSITIVE_INFINITY;

    await clock.advance(899);
    const before = tenure.isSure;
    await clock.advance(1);

    expect([before, tenure.isSure]).toEqual([true, false]);
  });

  test("stays its own while its lock is renewed, and Redis is asked no more when it ends", async () => {
    const clock = virtualClock();
    const tenure = await clock.run(tenuresOver(clock, { leftMs: 1000 }).begin(CLAIM));

    await clock.advance(60_000);
    const isSure = tenure.isSure;
    tenure.end();
    await clock.runAll();

    expect([isSure, clock.nowMs()]).toEqual([true, 60_000]);
  });

  test("is let go as soon as Redis says that it is another's", async () => {
    const clock = virtualClock();
    const redis = { leftMs: 1000 };
    const tenure = await clock.run(tenuresOver(clock, redis).begin(CLAIM));
    let lostMs = Number.NaN;
    tenure.onLost = () => {
      lostMs = clock.nowMs();
      tenure.end();
    };

    await clock.advance(300);
    redis.leftMs = 0;
    await clock.advance(300);

    expect([lostMs, tenure.isSure]).toEqual([500, false]);
  });
});
