import { describe, expect, test } from "vitest";
import { noting } from "../../test/noting.js";
import {
  type LimiterStore,
  memoryLimiterStore,
  observe,
  type PolicyEvent,
  type ReserveAnswer,
  rateLimit,
} from "../index.js";
import { type VirtualClock, virtualClock } from "../testing.js";

const perMinute = (limit: number, burst: number) => ({ per: "1m", limit, burst }) as const;
const oneASecond = { requests: perMinute(60, 1) };

/** The store in memory, so far away that each answer takes `ms`. */
function distant(clock: VirtualClock, ms: number): LimiterStore & { asked: number } {
  const near = memoryLimiterStore();
  const later = async <T>(step: () => T | PromiseLike<T>): Promise<T> => {
    await clock.sleep(ms);
    return step();
  };
  const store = {
    asked: 0,
    reserve: (...args: Parameters<LimiterStore["reserve"]>) => {
      store.asked++;
      return later(() => near.reserve(args[0], clock.nowMs()));
    },
    settle: (...args: Parameters<LimiterStore["settle"]>) => later(() => near.settle(args[0], clock.nowMs())),
    sync: (...args: Parameters<LimiterStore["sync"]>) => later(() => near.sync(args[0], clock.nowMs())),
    pause: (...args: Parameters<LimiterStore["pause"]>) => later(() => near.pause(args[0], clock.nowMs())),
    update: near.update.bind(near),
    state: near.state.bind(near),
  };
  return store;
}

describe("the queue", () => {
  test("higher priority goes first, equals in the order they came", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock });
    await limiter.acquire();
    const { note, seen } = noting(clock);
    for (const [label, priority] of [
      ["a", 0],
      ["b", 0],
      ["C", 1],
      ["D", 1],
      ["E", 2],
    ] as const) {
      note(label, limiter.acquire({}, { priority }));
    }
    await clock.runAll();
    expect(seen).toEqual(["E@1000", "C@2000", "D@3000", "a@4000", "b@5000"]);
  });

  test("who was turned away before goes before its equals, and after who matters more", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock });
    await limiter.acquire();
    const { note, seen } = noting(clock);
    note("first", limiter.acquire());
    note("again", limiter.acquire(undefined, { isAgain: true }));
    note("again, later", limiter.acquire(undefined, { isAgain: true }));
    note("important", limiter.acquire(undefined, { priority: 1 }));
    await clock.runAll();
    expect(seen).toEqual(["important@1000", "again@2000", "again, later@3000", "first@4000"]);
  });

  test("an unimportant request is not starved by important ones that keep coming", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock, ageing: "5s" });
    const { note, seen } = noting(clock);
    note(
      "low",
      limiter.acquire().then(() => limiter.acquire({}, { priority: -1 })),
    );
    for (let i = 0; i < 40; i++) {
      void limiter.acquire({}, { priority: 1 });
      await clock.advance("500ms");
    }
    expect(seen).toEqual(["low@14000"]);
  });

  test("a large request at the head is not starved by small ones behind it", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(60, 10) }, { clock });
    await limiter.acquire({ tokens: 10 });
    const { note, seen } = noting(clock);
    note("large", limiter.acquire({ tokens: 8 }));
    note("small", limiter.acquire({ tokens: 1 }));
    await clock.runAll();
    expect(seen).toEqual(["large@8000", "small@9000"]);
  });

  test("a share of the burst is kept free for important requests, who go at once beside a batch", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 10) }, { clock, interactiveShare: 0.2 });
    const batch = noting(clock);
    for (let i = 0; i < 20; i++) batch.note(String(i), limiter.acquire());
    await clock.advance("5500ms");
    const chat = noting(clock);
    for (const label of ["A", "B", "C"]) chat.note(label, limiter.acquire({}, { priority: 1 }));
    await clock.runAll();
    expect(batch.seen.slice(7, 10)).toEqual(["7@0", "8@1000", "9@2000"]);
    expect(chat.seen).toEqual(["A@5500", "B@5500", "C@6000"]);
    // The batch has lost what the three took, and nothing else.
    expect(batch.seen.at(-1)).toBe("19@15000");
  });

  test("when the head gives up, the next one goes as soon as it may", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(60, 10) }, { clock });
    await limiter.acquire({ tokens: 10 });
    const controller = new AbortController();
    const { note, seen } = noting(clock);
    note("large", limiter.acquire({ tokens: 10 }, { signal: controller.signal }));
    note("small", limiter.acquire({ tokens: 1 }));
    await clock.advance("3s");
    controller.abort("enough");
    await clock.runAll();
    expect(seen).toEqual(["large!enough@3000", "small@3000"]);
  });

  test("one abort ends all who share the signal, and admits none of them on the way", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(60, 10) }, { clock });
    await limiter.acquire({ tokens: 9 });
    const { signal, abort } = abortable();
    const { note, seen } = noting(clock);
    for (const tokens of [5, 1, 1]) note(String(tokens), limiter.acquire({ tokens }, { signal }));
    note("other", limiter.acquire({ tokens: 1 }));
    abort("enough");
    await clock.runAll();
    expect([...seen].sort()).toEqual(["1!enough@0", "1!enough@0", "5!enough@0", "other@0"]);
  });

  test("has one timer for all who wait", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock });
    const all = Array.from({ length: 100 }, () => limiter.acquire({}, { deadlineMs: 200_000 }));
    expect(clock.pending).toBe(1);
    await clock.run(Promise.all(all));
    expect([clock.nowMs(), clock.pending]).toEqual([99_000, 0]);
  });

  test("waiters behind a pause are refused when it is longer than their deadline, the head and the others", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock });
    await limiter.acquire();
    const { note, seen } = noting(clock);
    for (const deadlineMs of [5000, 50_000, 6000]) note(String(deadlineMs), limiter.acquire({}, { deadlineMs }));
    limiter.pause("20s");
    await clock.runAll();
    const refused = ["5000!AdmissionDeadlineError@0", "6000!AdmissionDeadlineError@0"];
    expect(seen).toEqual([...refused, "50000@20000"]);
  });

  test("a deadline that has passed is refused, though there would be room", async () => {
    const clock = virtualClock({ startMs: 100 });
    const limiter = rateLimit(oneASecond, { clock });
    await expect(limiter.acquire({}, { deadlineMs: 100 })).rejects.toMatchObject({
      code: "BIDE_ADMISSION_DEADLINE",
      retryAfterMs: 0,
    });
    expect(limiter.state().currencies["requests"]?.level).toBe(1);
  });

  test("behind a pause each is told how long it would take, and how long it had", async () => {
    const clock = virtualClock({ startMs: 1000 });
    const limiter = rateLimit(oneASecond, { clock });
    await limiter.acquire();
    void limiter.acquire();
    const hurried = limiter.acquire({}, { deadlineMs: 6000 }).catch((error: unknown) => error);
    await clock.advance(500);
    limiter.pause("20s");
    expect(await hurried).toMatchObject({ retryAfterMs: 20_000, untilDeadlineMs: 4500, binds: "pause" });
  });

  test("what cannot go in time is refused before it is queued", async () => {
    const clock = virtualClock({ startMs: 1000 });
    const limiter = rateLimit(oneASecond, { clock });
    await limiter.acquire();
    const told: string[] = [];
    const stop = observe(({ type }) => told.push(type));
    await expect(limiter.acquire({}, { deadlineMs: 1500 })).rejects.toMatchObject({ retryAfterMs: 1000 });
    stop();
    expect(told).toEqual(["call-refused"]);
  });

  test("limits that become too small for who waits refuse it", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(60, 10) }, { clock });
    await limiter.acquire({ tokens: 10 });
    const { note, seen } = noting(clock);
    note("50", limiter.acquire({ tokens: 50 }));
    note("5", limiter.acquire({ tokens: 5 }));
    limiter.update({ tokens: perMinute(30, 10) });
    await clock.runAll();
    expect(seen).toEqual(["50!CostTooLargeError@0", "5@10000"]);
  });

  test("the forecast of a queue of one currency comes true", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(600, 30) }, { clock });
    await limiter.acquire({ tokens: 30 });
    for (const tokens of [10, 40, 5]) void limiter.acquire({ tokens });
    expect(limiter.state()).toMatchObject({ queueLength: 3, nextAdmissionMs: 1000, binds: "tokens", drainMs: 5500 });
    const tooEarly = await limiter.acquire({ tokens: 20 }, { deadlineMs: 1 }).catch((error: unknown) => error);
    expect(tooEarly).toMatchObject({ retryAfterMs: 7500 });
    expect((await clock.run(limiter.acquire({ tokens: 20 }))).waitedMs).toBe(7500);
  });

  test("the forecast counts what has come in meanwhile, and the pause", async () => {
    const clock = virtualClock({ startMs: 1000 });
    const limiter = rateLimit({ tokens: perMinute(600, 30) }, { clock });
    await limiter.acquire({ tokens: 30 });
    await clock.advance(500);
    for (const tokens of [10, 40]) void limiter.acquire({ tokens });
    expect(limiter.state()).toMatchObject({ nextAdmissionMs: 500, binds: "tokens", drainMs: 4500 });
    limiter.pause("10s");
    expect(limiter.state()).toMatchObject({ nextAdmissionMs: 10_000, binds: "pause", drainMs: 10_000 });
  });

  test("asks the store once for each that has to wait, and again when its time has come", async () => {
    const clock = virtualClock();
    const near = memoryLimiterStore();
    let asked = 0;
    const reserve: LimiterStore["reserve"] = (...args) => {
      asked++;
      return near.reserve(...args);
    };
    const limiter = rateLimit(oneASecond, {
      clock,
      store: { ...distant(clock, 0), update: near.update.bind(near), state: near.state.bind(near), reserve },
    });
    await limiter.acquire();
    const waiting = limiter.acquire();
    expect(asked).toBe(2);
    await clock.run(waiting);
    expect(asked).toBe(3);
  });
});

describe("with a store that takes its time", () => {
  test("asks for one at a time, and admits in order", async () => {
    const clock = virtualClock();
    const store = distant(clock, 10);
    const limiter = rateLimit({ requests: perMinute(60, 2) }, { clock, store });
    const { note, seen } = noting(clock);
    for (const label of ["a", "b", "c"]) note(label, limiter.acquire());
    await clock.runAll();
    expect(seen).toEqual(["a@10", "b@20", "c@1020"]);
    expect(store.asked).toBe(4);
  });

  test("who leaves while the store is asked gets nothing, and what was taken goes back", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock, store: distant(clock, 10) });
    const { signal, abort } = abortable();
    const { note, seen } = noting(clock);
    note("gone", limiter.acquire({}, { signal }));
    note("next", limiter.acquire());
    await clock.advance(5);
    abort("enough");
    await clock.runAll();
    expect(seen).toEqual(["gone!enough@5", "next@20"]);
  });

  test("who leaves while the store is asked in vain is forgotten", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock, store: distant(clock, 10) });
    await clock.run(limiter.acquire());
    const { note, seen } = noting(clock);
    const told: string[] = [];
    const stop = observe(({ type }) => told.push(type));
    note("hurried", limiter.acquire({}, { deadlineMs: 15 }));
    await clock.runAll();
    stop();
    expect([seen, clock.pending, limiter.state().queueLength]).toEqual([["hurried!AdmissionDeadlineError@15"], 0, 0]);
    expect(told).toEqual(["call-refused"]);
  });

  test("a change while the store is asked has it asked again", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock, store: distant(clock, 10) });
    const held = await clock.run(limiter.acquire());
    const { note, seen } = noting(clock);
    await clock.advance(5);
    note("next", limiter.acquire());
    held.refund();
    await clock.runAll();
    expect(seen).toEqual(["next@35"]);
  });

  test("an answer from before a change is not relied on", async () => {
    const clock = virtualClock();
    const near = memoryLimiterStore();
    const store: LimiterStore = {
      ...distant(clock, 0),
      reserve: (...args) => {
        const answer = near.reserve(...args);
        return clock.sleep(10).then(() => answer);
      },
      settle: near.settle.bind(near),
      update: near.update.bind(near),
      state: near.state.bind(near),
    };
    const limiter = rateLimit(oneASecond, { clock, store });
    const held = await clock.run(limiter.acquire());
    const { note, seen } = noting(clock);
    note("next", limiter.acquire());
    await clock.advance(5);
    held.refund();
    await clock.runAll();
    expect(seen).toEqual(["next@30"]);
  });

  test("refuses on its answer: too large, too late, or with maxQueue 0", async () => {
    const clock = virtualClock();
    const limiter = rateLimit(oneASecond, { clock, store: distant(clock, 10) });
    await expect(clock.run(limiter.acquire({ requests: 61 }))).rejects.toMatchObject({ capacity: 60 });
    await clock.run(limiter.acquire());
    await expect(clock.run(limiter.acquire({}, { deadlineMs: 500 }))).rejects.toMatchObject({ binds: "requests" });
    const impatient = rateLimit(oneASecond, { clock, store: distant(clock, 10), maxQueue: 0 });
    await clock.run(impatient.acquire());
    await expect(clock.run(impatient.acquire())).rejects.toMatchObject({ code: "BIDE_ADMISSION_QUEUE_FULL" });
    const patient = rateLimit(oneASecond, { clock, store: distant(clock, 10), maxQueue: 1 });
    await clock.run(patient.acquire());
    expect((await clock.run(patient.acquire())).waitedMs).toBe(1010);
  });

  test("passes on what the store throws to who asked, tells of it, and goes on", async () => {
    const clock = virtualClock();
    const down = new Error("down");
    const near = memoryLimiterStore();
    let failures = 2;
    const store: LimiterStore = {
      ...distant(clock, 0),
      reserve: (request, nowMs): ReserveAnswer => {
        if (failures-- > 0) throw down;
        return near.reserve(request, nowMs) as ReserveAnswer;
      },
      settle: () => Promise.reject(down),
      sync: () => {
        throw down;
      },
    };
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const limiter = rateLimit(oneASecond, { clock, store, name: "far" });
    const { note, seen } = noting(clock);
    for (const label of ["a", "b", "c"]) note(label, limiter.acquire());
    const held = await clock.run(limiter.acquire());
    held.refund();
    limiter.sync({ requests: { remaining: 1 } });
    await clock.runAll();
    stop();
    expect(seen).toEqual(["a!Error@0", "b!Error@0", "c@0"]);
    const failed = events.filter(({ type }) => type === "store-failed");
    expect(failed).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ policy: "rate-limit", name: "far", error: down })),
    );
  });

  test("whose deadline comes before the first in line goes is told when that is", async () => {
    const clock = virtualClock();
    const store: LimiterStore = {
      ...distant(clock, 0),
      reserve: () => ({ kind: "wait", waitMs: 5000, binds: "requests" }),
    };
    const limiter = rateLimit(oneASecond, { clock, store });
    void limiter.acquire();
    const hurried = limiter.acquire({}, { deadlineMs: 3000 });
    await expect(hurried).rejects.toMatchObject({ retryAfterMs: 5000, untilDeadlineMs: 3000 });
  });

  test("a store that says no and names no time is asked again a millisecond later", async () => {
    const clock = virtualClock();
    let nos = 3;
    const store: LimiterStore = {
      ...distant(clock, 0),
      reserve: () => (nos-- > 0 ? { kind: "wait", waitMs: 0, binds: "requests" } : { kind: "admitted", id: 1 }),
    };
    await clock.run(rateLimit({}, { clock, store }).acquire());
    expect(clock.nowMs()).toBe(3);
  });

  test("where the store cannot tell when, the first in line waits until its deadline", async () => {
    const clock = virtualClock();
    const waitMs = Number.POSITIVE_INFINITY;
    const store: LimiterStore = { ...distant(clock, 0), reserve: () => ({ kind: "wait", waitMs, binds: "requests" }) };
    const { note, seen } = noting(clock);
    note("first", rateLimit(oneASecond, { clock, store }).acquire({}, { deadlineMs: 700 }));
    await clock.runAll();
    expect(seen).toEqual(["first!AdmissionDeadlineError@700"]);
  });

  test("a store that cannot tell when is asked again at a change; whose deadline comes first is refused then, not before", async () => {
    const clock = virtualClock();
    let isFull = true;
    const store: LimiterStore = {
      ...distant(clock, 0),
      reserve: () =>
        isFull ? { kind: "wait", waitMs: Number.POSITIVE_INFINITY, binds: "requests" } : { kind: "admitted", id: 1 },
    };
    const limiter = rateLimit({ requests: perMinute(60, 5) }, { clock, store });
    const { note, seen } = noting(clock);
    const patient = limiter.acquire();
    const hurried = limiter.acquire(undefined, { deadlineMs: 1000 });
    note("patient", patient);
    note("hurried", hurried);
    await clock.advance(999);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(["hurried!AdmissionDeadlineError@1000"]);
    // Where the store cannot tell, the buckets say what is the least it takes: nothing, as far as they know.
    await expect(hurried).rejects.toMatchObject({ retryAfterMs: 0, untilDeadlineMs: 0 });
    isFull = false;
    await clock.advance(500);
    expect(seen).toEqual(["hurried!AdmissionDeadlineError@1000"]);
    limiter.update({ requests: perMinute(60, 5) });
    await clock.run(patient);
    expect(seen.at(-1)).toBe("patient@1500");
  });
});

describe("what it tells", () => {
  test("queueing, admission, pause, readings, limits and refusals, with their numbers", async () => {
    const clock = virtualClock();
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const limiter = rateLimit(oneASecond, { clock, name: "chat" });
    await limiter.acquire();
    const waiting = limiter.acquire();
    await expect(limiter.acquire({}, { deadlineMs: 10 })).rejects.toThrow("deadline");
    await expect(limiter.acquire({ requests: 61 })).rejects.toThrow("at most 60");
    limiter.pause("2s");
    limiter.sync({ requests: { remaining: 0 } });
    limiter.update({ requests: perMinute(120, 1) });
    await clock.run(waiting);
    stop();
    expect(events).toEqual([
      { type: "admission-granted", name: "chat", cost: { requests: 1 }, waitedMs: 0, queueLength: 0 },
      {
        type: "admission-queued",
        name: "chat",
        cost: { requests: 1 },
        priority: 0,
        queueLength: 1,
        nextAdmissionMs: 1000,
        binds: "requests",
      },
      { type: "call-refused", policy: "rate-limit", name: "chat", retryAfterMs: 2000 },
      { type: "call-refused", policy: "rate-limit", name: "chat", retryAfterMs: undefined },
      { type: "limiter-paused", name: "chat", durationMs: 2000 },
      {
        type: "limiter-synced",
        name: "chat",
        currencies: { requests: { level: 0, limit: 60, perMs: 60_000, burst: 1 } },
      },
      {
        type: "limiter-updated",
        name: "chat",
        currencies: { requests: { level: 0, limit: 120, perMs: 60_000, burst: 1 } },
      },
      { type: "admission-granted", name: "chat", cost: { requests: 1 }, waitedMs: 2000, queueLength: 0 },
    ]);
  });

  test("nobody waiting, the state says when a single request could go", async () => {
    const limiter = rateLimit(oneASecond, { clock: virtualClock() });
    expect(limiter.state()).toMatchObject({ queueLength: 0, nextAdmissionMs: 0, binds: undefined, drainMs: 0 });
    await limiter.acquire();
    expect(limiter.state()).toMatchObject({ queueLength: 0, nextAdmissionMs: 1000, binds: "requests", drainMs: 0 });
    limiter.pause("5s");
    expect(limiter.state()).toMatchObject({ queueLength: 0, nextAdmissionMs: 5000, binds: "pause", drainMs: 0 });
  });
});

function abortable(): { signal: AbortSignal; abort(reason: unknown): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}
