import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  ConcurrencyQueueFullError,
  compose,
  concurrencyLimit,
  DeadlineError,
  describe as describeLayers,
  isOverload,
  observe,
  type PolicyEvent,
  timeout,
} from "../index.js";
import { virtualClock, withClock } from "../testing.js";

/** Calls that end when they are told to; `order` is the order in which they began. */
function gates() {
  const order: string[] = [];
  const ends = new Map<string, { ok(): void; fail(error: unknown): void }>();
  const call = (name: string) => (): Promise<string> => {
    order.push(name);
    return new Promise((resolve, reject) => ends.set(name, { ok: () => resolve(name), fail: reject }));
  };
  const end = async (name: string, error?: unknown): Promise<void> => {
    if (error === undefined) ends.get(name)?.ok();
    else ends.get(name)?.fail(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { order, call, end };
}

const overloaded = Object.assign(new Error("too much"), { status: 529 });

describe("a concurrency limit", () => {
  test("runs so many at once, and the others in the order they came", async () => {
    const { order, call, end } = gates();
    const limit = concurrencyLimit({ limit: 2 });
    const all = Promise.all(["a", "b", "c", "d"].map((name) => limit.run(call(name))));
    expect([order, limit.state()]).toEqual([["a", "b"], { limit: 2, inFlight: 2, queued: 2 }]);
    await end("b");
    await end("c");
    expect(order).toEqual(["a", "b", "c", "d"]);
    await end("a");
    await end("d");
    expect([await all, limit.state()]).toEqual([["a", "b", "c", "d"], { limit: 2, inFlight: 0, queued: 0 }]);
  });

  test("passes errors on, and frees the place of a call that failed", async () => {
    const limit = concurrencyLimit({ limit: 1 });
    const error = new Error("mine");
    await expect(
      limit.run(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(await limit.run(() => "next")).toBe("next");
  });

  test("takes more important calls first, and equals in the order they came", async () => {
    const { order, call, end } = gates();
    const limit = concurrencyLimit({ limit: 1 });
    void limit.run(call("first"));
    void limit.run(call("low"), { priority: -1 });
    void limit.run(call("normal 1"));
    void limit.run(call("high"), { priority: 5 });
    void limit.run(call("normal 2"), { priority: 0 });
    for (const name of ["first", "high", "normal 1", "normal 2", "low"]) await end(name);
    expect(order).toEqual(["first", "high", "normal 1", "normal 2", "low"]);
  });

  test("asks a wrapped call's arguments how important it is", async () => {
    const { order, call, end } = gates();
    const limit = concurrencyLimit({ limit: 1, priority: (_name: string, urgency: number) => urgency });
    const ask = limit((name: string, _urgency: number) => call(name)());
    void ask("first", 0);
    void ask("low", 1);
    void ask("high", 2);
    void limit.run(call("none"));
    for (const name of ["first", "high", "low", "none"]) await end(name);
    expect(order).toEqual(["first", "high", "low", "none"]);
  });

  test("the policy's own priority is that of calls which say nothing else", async () => {
    const { order, call, end } = gates();
    const limit = concurrencyLimit({ limit: 1, priority: 5 });
    const ask = limit((name: string) => call(name)());
    void ask("first");
    void limit.run(call("low"), { priority: 4 });
    void ask("own");
    void limit.run(call("own, run"));
    void limit.run(call("high"), { priority: 6 });
    for (const name of ["first", "high", "own", "own, run", "low"]) await end(name);
    expect(order).toEqual(["first", "high", "own", "own, run", "low"]);
  });

  test("an abort in the queue ends the wait at once and leaves nothing behind", async () => {
    const { order, call, end } = gates();
    const limit = concurrencyLimit({ limit: 1 });
    void limit.run(call("first"));
    const controller = new AbortController();
    const waiting = limit.run(call("never"), { signal: controller.signal });
    controller.abort("gone");
    await expect(waiting).rejects.toBe("gone");
    expect([limit.state().queued, getEventListeners(controller.signal, "abort").length]).toEqual([0, 0]);
    await end("first");
    expect([order, limit.state().inFlight]).toEqual([["first"], 0]);
  });

  test("a deadline ends the wait, and leaves no timer", async () => {
    const clock = virtualClock();
    const limit = concurrencyLimit({ limit: 1, clock });
    const slot = await limit.acquire();
    await expect(clock.run(limit.run(() => 1, { deadlineMs: 500 }))).rejects.toBeInstanceOf(DeadlineError);
    await expect(clock.run(compose(timeout(100, { clock }), limit).run(() => 1))).rejects.toThrow("within 100 ms");
    expect([clock.nowMs(), clock.pending, limit.state().queued]).toEqual([600, 0, 0]);
    slot.release();
    expect(await limit.run(() => 2)).toBe(2);
  });

  test("a call that was granted and aborted in the same moment is not made, and gives its place back", async () => {
    const limit = concurrencyLimit({ limit: 1 });
    for (const settle of [0, 1, 2, 3, 4]) {
      const slot = await limit.acquire();
      const controller = new AbortController();
      let calls = 0;
      const waiting = limit.run(() => ++calls, { signal: controller.signal });
      slot.release();
      for (let turn = 0; turn < settle; turn++) await undefined;
      controller.abort("gone");
      const result = await waiting.catch((reason: unknown) => reason);
      expect([result, calls]).toEqual(calls === 0 ? ["gone", 0] : [result, 1]);
      expect(limit.state()).toEqual({ limit: 1, inFlight: 0, queued: 0 });
    }
  });

  test("a call whose caller is gone holds its place until it has really ended", async () => {
    const { call, end } = gates();
    const limit = concurrencyLimit({ limit: 1 });
    const controller = new AbortController();
    const running = limit.run(call("ghost"), { signal: controller.signal });
    controller.abort("gone");
    await expect(running).rejects.toBe("gone");
    expect(limit.state().inFlight).toBe(1);
    await end("ghost");
    expect(limit.state().inFlight).toBe(0);
  });

  test("a stream holds its place until it is read to its end, was left, or broke", async () => {
    const limit = concurrencyLimit({ limit: 1 });
    const inFlight = (): number => limit.state().inFlight;
    const seen: number[] = [];
    async function* two(): AsyncGenerator<number> {
      yield 1;
      yield 2;
    }
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw new Error("broken");
    }
    for await (const _ of limit.iterate(two)) seen.push(inFlight());
    seen.push(inFlight());
    for await (const _ of limit.iterate(two)) break;
    seen.push(inFlight());
    await expect(limit.iterate(broken)[Symbol.asyncIterator]().next()).resolves.toMatchObject({ value: 1 });
    seen.push(inFlight());
    expect(seen).toEqual([1, 1, 0, 0, 1]);
  });

  test("an empty stream holds no place", async () => {
    const limit = concurrencyLimit({ limit: 1 });
    for await (const _ of limit.iterate(async function* () {})) expect.unreachable();
    expect(limit.state().inFlight).toBe(0);
  });

  test("a stream that nobody waited for any more is closed, and gives its place back then", async () => {
    const clock = virtualClock();
    const limit = concurrencyLimit({ limit: 1, clock });
    let isClosed = false;
    async function* slow(): AsyncGenerator<number> {
      try {
        await clock.sleep(5000);
        yield 1;
      } finally {
        await clock.sleep(1000);
        isClosed = true;
      }
    }
    const stream = compose(timeout("1s", { clock }), limit).iterate(slow);
    const reading = stream[Symbol.asyncIterator]().next();
    await expect(clock.run(reading)).rejects.toMatchObject({ code: "BIDE_CALL_TIMEOUT" });
    expect([clock.nowMs(), limit.state().inFlight]).toEqual([1000, 1]);
    await clock.advance(4999);
    expect([isClosed, limit.state().inFlight]).toEqual([false, 1]);
    await clock.advance(1);
    expect([isClosed, limit.state().inFlight]).toEqual([true, 0]);
  });

  test("makes no call, and takes no place, when it is over before it begins", async () => {
    const limit = concurrencyLimit({ limit: 1 });
    const signal = AbortSignal.abort("gone");
    await expect(limit.run(() => 1, { signal })).rejects.toBe("gone");
    await expect(limit.acquire({ signal })).rejects.toBe("gone");
    expect(limit.state().inFlight).toBe(0);
    await limit.acquire();
    const told: string[] = [];
    const stop = observe(({ type }) => told.push(type));
    await expect(limit.run(() => 1, { signal })).rejects.toBe("gone");
    stop();
    expect([told, limit.state().queued]).toEqual([[], 0]);
  });

  test("what ends well leaves no timer and no listener", async () => {
    const clock = virtualClock();
    const limit = concurrencyLimit({ limit: 1, clock });
    const { signal } = new AbortController();
    await limit.run(() => 1, { signal, deadlineMs: 1000 });
    (await limit.acquire({ signal, deadlineMs: 1000 })).release();
    expect([getEventListeners(signal, "abort").length, clock.pending]).toEqual([0, 0]);
  });

  test("refuses at once when as many wait as may", async () => {
    const limit = concurrencyLimit({ limit: 1, maxQueue: 1, name: "chat" });
    const slot = await limit.acquire();
    const second = limit.acquire();
    await expect(limit.run(() => 1)).rejects.toMatchObject({
      name: "ConcurrencyQueueFullError",
      code: "BIDE_CONCURRENCY_QUEUE_FULL",
      message: 'concurrency limit "chat": 1 calls run and 1 wait already, and no more may',
    });
    slot.release();
    (await second).release();
    const none = concurrencyLimit({ limit: 1, maxQueue: 0 });
    await none.acquire();
    await expect(none.acquire()).rejects.toBeInstanceOf(ConcurrencyQueueFullError);
    await expect(none.acquire()).rejects.toThrow("concurrency limit: 1 calls run and 0 wait already, and no more may");
  });

  test("a slot counts once, however often it is released", async () => {
    const limit = concurrencyLimit({ limit: 2 });
    const slots = [await limit.acquire(), await limit.acquire()];
    for (let time = 0; time < 3; time++) slots[0]?.release();
    expect(limit.state().inFlight).toBe(1);
  });

  test("a fixed limit does not move", async () => {
    const limit = concurrencyLimit({ limit: 5 });
    for (const error of [undefined, overloaded]) await limit.outcome(() => (error ? Promise.reject(error) : 1));
    expect(limit.state().limit).toBe(5);
  });

  test("a wait without a finite priority is refused", async () => {
    const limit = concurrencyLimit({ limit: 1, priority: () => Number.NaN });
    await limit.acquire();
    await expect(limit((n: number) => n)(1)).rejects.toThrow("expected `priority` to be a finite number, got `NaN`");
  });

  test("uses the default clock of the moment where it was given none", async () => {
    const clock = virtualClock();
    using _ = withClock(clock);
    const limit = concurrencyLimit({ limit: 1 });
    await limit.acquire();
    await expect(clock.run(limit.acquire({ deadlineMs: 10 }))).rejects.toBeInstanceOf(DeadlineError);
  });

  test("describes itself in a sentence", () => {
    expect(
      String(
        describeLayers(compose(concurrencyLimit({ limit: 50 }), concurrencyLimit({ adaptive: true, maxQueue: 9 }))),
      ),
    ).toBe(
      [
        "1. concurrency-limit lets 50 calls run at once; the others wait.",
        "2. concurrency-limit lets 1 to 500 calls run at once, as many as the service bears; up to 9 others wait.",
      ].join("\n"),
    );
    const options = [concurrencyLimit({ limit: 50 }), concurrencyLimit({ adaptive: true, maxQueue: 9 })].map(
      (limit) => describeLayers(limit)[0]?.options,
    );
    expect(options).toEqual([
      { limit: 50, maxQueue: Number.POSITIVE_INFINITY },
      { adaptive: true, start: 8, min: 1, max: 500, backoffRatio: 0.9, maxQueue: 9 },
    ]);
  });
});

describe("an adaptive concurrency limit", () => {
  test("falls once for the overloads of one moment, and rises with successes", async () => {
    const limit = concurrencyLimit({ adaptive: true, start: 10 });
    const burst = (count: number, operation: () => unknown) =>
      Promise.all(Array.from({ length: count }, () => limit.outcome(operation)));
    await burst(10, () => Promise.reject(overloaded));
    expect(limit.state().limit).toBe(9);
    await burst(1, () => Promise.reject(overloaded));
    expect(limit.state().limit).toBe(8);
    await burst(16, () => new Promise((resolve) => setImmediate(resolve)));
    expect(limit.state().limit).toBe(9);
  });

  test("lets those who wait go when it rises, and not when it has fallen", async () => {
    const { order, call, end } = gates();
    const limit = concurrencyLimit({ adaptive: true, start: 2 });
    for (const name of ["a", "b", "c", "d", "e", "f"]) void limit.outcome(call(name));
    await end("a");
    await end("b");
    expect([order.length, limit.state().limit]).toEqual([4, 2]);
    await end("c");
    expect([order.length, limit.state().limit]).toEqual([6, 3]);
    await end("d", overloaded);
    expect(limit.state()).toEqual({ limit: 2, inFlight: 2, queued: 0 });
  });

  test("who calls in the moment that it rises does not go before those who wait", async () => {
    const { order, call } = gates();
    const limit = concurrencyLimit({ adaptive: true, start: 1.99 });
    const slot = await limit.acquire();
    for (const name of ["a", "b"]) void limit.run(call(name));
    const stop = observe(({ type }) => void (type === "limit-changed" && limit.run(call("late"))));
    slot.release("success");
    await new Promise((resolve) => setImmediate(resolve));
    stop();
    expect([order, limit.state()]).toEqual([["a", "b"], { limit: 2, inFlight: 2, queued: 1 }]);
  });

  test("hears of an overload in the middle of a stream", async () => {
    const limit = concurrencyLimit({ adaptive: true, start: 10 });
    const stream = limit.iterate(async function* () {
      yield 1;
      throw overloaded;
    });
    await expect(
      (async () => {
        for await (const _ of stream) expect(limit.state().limit).toBe(10);
      })(),
    ).rejects.toBe(overloaded);
    expect(limit.state()).toMatchObject({ limit: 9, inFlight: 0 });
  });

  test("is raised by a stream that ends well, as soon as it has ended", async () => {
    const limit = concurrencyLimit({ adaptive: true, start: 1 });
    const limits: number[] = [];
    for await (const _ of limit.iterate(async function* () {
      yield 1;
      yield 2;
    }))
      limits.push(limit.state().limit);
    expect([...limits, limit.state().limit]).toEqual([1, 1, 2]);
  });

  test("is moved by what `overload` says", async () => {
    const limit = concurrencyLimit({ adaptive: true, overload: RangeError });
    await limit.outcome(() => Promise.reject(overloaded));
    expect(limit.state().limit).toBe(8);
    await limit.outcome(() => Promise.reject(new RangeError()));
    expect(limit.state().limit).toBe(7);
  });

  test("tells of each move by a whole call, of waits and of refusals", async () => {
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const limit = concurrencyLimit({ adaptive: true, start: 1.99, maxQueue: 1, name: "chat" });
    const slot = await limit.acquire();
    const waiting = limit.acquire();
    await expect(limit.acquire()).rejects.toThrow();
    slot.release("success");
    (await waiting).release("overload");
    for (let cut = 1; cut <= 2; cut++) (await limit.acquire()).release("overload");
    stop();
    expect(events).toEqual([
      { type: "call-queued", name: "chat", limit: 1, inFlight: 1, queued: 1 },
      { type: "call-refused", policy: "concurrency-limit", name: "chat" },
      { type: "limit-changed", name: "chat", limit: 2, previousLimit: 1, cause: "success" },
      { type: "limit-changed", name: "chat", limit: 1, previousLimit: 2, cause: "overload" },
    ]);
  });

  test("is silent where nobody listens", async () => {
    const limit = concurrencyLimit({ adaptive: true, start: 1, maxQueue: 0 });
    const slot = await limit.acquire();
    await expect(limit.acquire()).rejects.toThrow();
    slot.release("success");
    expect(limit.state().limit).toBe(2);
  });

  test.each([
    [{ status: 429 }, true],
    [{ status: 503 }, true],
    [{ status: 529 }, true],
    [{ status: 500 }, false],
    ...[
      "slow_down",
      "SlowDown",
      "overloaded_error",
      "rate_limit_exceeded",
      "RateLimitReached",
      "too_many_requests",
      "TooManyRequests",
      "ThrottlingException",
      "RESOURCE_EXHAUSTED",
      "ResourceExhausted",
      "engine_busy",
      "EngineBusy",
      "server_busy",
      "ServerBusy",
    ].flatMap((word): [object, boolean][] => [
      [{ code: word }, true],
      [{ type: word }, true],
    ]),
    [{ status: 429, code: "insufficient_quota" }, false],
    [{ status: 400, type: "rate_limit" }, false],
    ["overload", false],
    [null, false],
    [undefined, false],
  ])("by default %o means overload: %s", (error, expected) => {
    expect(isOverload(error)).toBe(expected);
  });
});

describe("options", () => {
  test.each([
    [{}, "expected `limit` to be an integer >= 1, got `undefined`"],
    [{ limit: 0 }, "expected `limit` to be an integer >= 1, got `0` (number)"],
    [{ limit: 2.5 }, "expected `limit`"],
    [{ limit: 5, maxQueue: -1 }, "expected `maxQueue` to be an integer >= 0"],
    [{ limit: 5, priority: Number.NaN }, "expected `priority` to be a finite number, or a function of the arguments"],
    [{ limit: 5, start: 8 }, "`start` is an option of an adaptive limit; add `adaptive: true`"],
    [{ adaptive: "yes" }, 'expected `adaptive` to be true or false, got `"yes"` (string)'],
    [{ adaptive: true, limit: 5 }, "`limit` and `adaptive` exclude each other"],
    [{ adaptive: true, min: 0 }, "expected `min` to be an integer >= 1"],
    [{ adaptive: true, min: Number.POSITIVE_INFINITY }, "expected `min` to be an integer >= 1"],
    [{ adaptive: true, min: 9, max: 8 }, "expected `max` to be an integer >= 9"],
    [{ adaptive: true, start: 501 }, "expected `start` to be a number >= 1 and <= 500"],
    [{ adaptive: true, backoffRatio: 1 }, "expected `backoffRatio` to be a number > 0 and < 1"],
    [{ adaptive: true, overload: 5 }, "expected `overload` to be an error class"],
    [{ limt: 5 }, "concurrencyLimit has no option `limt`; did you mean `limit`?"],
  ])("%o is refused at construction", (options, message) => {
    expect(() => concurrencyLimit(options as never)).toThrow(message);
    const [, option] = /`(\w+)`/.exec(message) ?? [];
    expect(() => concurrencyLimit(options as never)).toThrow(expect.objectContaining({ option }));
  });

  test("the default start gives way to bounds that exclude it", () => {
    expect(concurrencyLimit({ adaptive: true, max: 4 }).state().limit).toBe(4);
    expect(concurrencyLimit({ adaptive: true, min: 20 }).state().limit).toBe(20);
  });
});
