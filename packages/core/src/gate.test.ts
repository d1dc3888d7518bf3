import { describe, expect, test } from "vitest";
import {
  type BreakerStoreFactory,
  CallTimeoutError,
  ConcurrencyQueueFullError,
  circuitBreaker,
  compose,
  concurrencyLimit,
  memoryBreakerStore,
  type Policy,
  retry,
  timeout,
} from "./index.js";
import { virtualClock } from "./testing.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A store in memory that says what it was told, and answers at once or later. */
function told({ isLate = false } = {}): { store: BreakerStoreFactory; reports: string[] } {
  const reports: string[] = [];
  const store: BreakerStoreFactory = (rules, nowMs) => {
    const memory = memoryBreakerStore(rules, nowMs);
    return {
      acquire: (ms) => (isLate ? turn().then(() => memory.acquire(ms)) : memory.acquire(ms)),
      report: (ticket, result, ms) => {
        reports.push(result);
        return memory.report(ticket, result, ms);
      },
      force: (status, ms) => memory.force(status, ms),
      read: (ms) => memory.read(ms),
    };
  };
  return { store, reports };
}

describe("gates in a row", () => {
  test.each([false, true])(
    "tell the one before of a call that the next one refuses (store answers late: %s)",
    async (isLate) => {
      const { store, reports } = told({ isLate });
      const limit = concurrencyLimit({ limit: 1, maxQueue: 0 });
      const policy = compose(circuitBreaker({ store, on: ConcurrencyQueueFullError }), limit);
      const { release } = await limit.acquire();
      await expect(policy.run(() => "answer")).rejects.toBeInstanceOf(ConcurrencyQueueFullError);
      release();
      expect([await policy.run(() => "answer"), reports]).toEqual(["answer", ["failure", "success"]]);
    },
  );

  test("give back what was taken when the call is cut while it waits for the next one", async () => {
    const { store, reports } = told({ isLate: true });
    const limit = concurrencyLimit({ limit: 1 });
    const controller = new AbortController();
    let calls = 0;
    const running = compose(limit, circuitBreaker({ store })).run(() => calls++, { signal: controller.signal });
    controller.abort("enough");
    await expect(running).rejects.toBe("enough");
    await turn();
    await turn();
    expect([calls, limit.state().inFlight, reports]).toEqual([0, 0, ["ignored"]]);
  });

  test("are not passed by a call that was aborted before", async () => {
    const { store, reports } = told();
    const policy = compose(circuitBreaker({ store }), concurrencyLimit({ limit: 1 }));
    await expect(policy.run(() => "answer", { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
    expect(reports).toEqual([]);
  });

  test("in either order a call holds its place until it has really ended, and is reported when it is cut", async () => {
    for (const order of ["limit first", "limit last"]) {
      const { store, reports } = told();
      const [limit, breaker] = [concurrencyLimit({ limit: 1 }), circuitBreaker({ store })];
      const policy: Policy = order === "limit first" ? compose(limit, breaker) : compose(breaker, limit);
      const controller = new AbortController();
      const ends: (() => void)[] = [];
      const operation = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
      const running = policy.run(operation, { signal: controller.signal });
      controller.abort("enough");
      await expect(running).rejects.toBe("enough");
      expect([order, limit.state().inFlight, reports]).toEqual([order, 1, ["ignored"]]);
      ends[0]?.();
      await turn();
      expect([limit.state().inFlight, reports]).toEqual([0, ["ignored"]]);
    }
  });

  test("hear of a call that the time-out inside them has cut, as of any that failed", async () => {
    const clock = virtualClock();
    const { store, reports } = told();
    const limit = concurrencyLimit({ limit: 1, clock });
    const policy = compose(circuitBreaker({ store, clock }), limit, timeout("1s", { clock }));
    const hanging = (): Promise<never> => new Promise(() => undefined);
    await expect(clock.run(policy.run(hanging))).rejects.toBeInstanceOf(CallTimeoutError);
    expect([clock.nowMs(), clock.pending, limit.state().inFlight, reports]).toEqual([1000, 0, 0, ["failure"]]);
  });

  test("are passed anew by each attempt of a retry around them", async () => {
    const clock = virtualClock();
    const { store, reports } = told();
    let calls = 0;
    const policy = compose(
      retry({ schedule: [100], jitter: null, clock }),
      circuitBreaker({ store, clock }),
      concurrencyLimit({ limit: 1, clock }),
    );
    const flaky = (): string => {
      if (++calls < 2) throw new Error("not yet");
      return "answer";
    };
    expect([await clock.run(policy.run(flaky)), clock.nowMs(), reports]).toEqual([
      "answer",
      100,
      ["failure", "success"],
    ]);
  });
});

test("the time that one waits for a gate is none of the time-out inside it", async () => {
  const clock = virtualClock();
  const limit = concurrencyLimit({ limit: 1, clock });
  const policy = compose(limit, timeout(100, { clock }));
  const slow = (): Promise<number> => clock.sleep(90).then(() => clock.nowMs());
  expect(await clock.run(Promise.all([policy.run(slow), policy.run(slow)]))).toEqual([90, 180]);
});
