import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { noting } from "../../test/noting.js";
import {
  AdmissionDeadlineError,
  AdmissionQueueFullError,
  CostTooLargeError,
  compose,
  describe as describePolicy,
  type LimiterStore,
  memoryLimiterStore,
  observe,
  type PolicyEvent,
  RATE_LIMIT_DEFAULTS,
  type Reservation,
  rateLimit,
  retry,
  type Settlement,
} from "../index.js";
import { virtualClock } from "../testing.js";

const perMinute = (limit: number, burst: number) => ({ per: "1m", limit, burst }) as const;

describe("rateLimit", () => {
  test("lets the burst go at once and the others as the bucket fills, in the order they came", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 5) }, { clock });
    const { note, seen } = noting(clock);
    for (let i = 0; i < 8; i++) note(String(i), limiter.acquire());
    await clock.runAll();
    expect(seen).toEqual(["0@0", "1@0", "2@0", "3@0", "4@0", "5@1000", "6@2000", "7@3000"]);
    expect(clock.pending).toBe(0);
  });

  test("admits when every currency has enough, and takes from all of them at once", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 10), tokens: perMinute(6000, 100) }, { clock });
    const { note, seen } = noting(clock);
    for (const tokens of [60, 60, 10]) note(String(tokens), limiter.acquire({ tokens }));
    await clock.runAll();
    expect(seen).toEqual(["60@0", "60@200", "10@300"]);
  });

  test("settling gives the difference back, and who waits goes the sooner for it", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(60, 10) }, { clock });
    const first = await limiter.acquire({ tokens: 10 });
    const { note, seen } = noting(clock);
    note("second", limiter.acquire({ tokens: 5 }));
    await clock.advance("1s");
    first.settle({ tokens: 6 });
    await clock.advance(0);
    expect(seen).toEqual(["second@1000"]);
    expect(limiter.state().currencies["tokens"]?.level).toBe(0);
  });

  test("a real cost above the reserved one becomes a debt, which is paid before the next one goes", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(60, 10) }, { clock });
    const first = await limiter.acquire({ tokens: 10 });
    first.settle({ tokens: 15 });
    expect(limiter.state().currencies["tokens"]?.level).toBe(-5);
    const second = await clock.run(limiter.acquire({ tokens: 1 }));
    expect([clock.nowMs(), second.waitedMs]).toEqual([6000, 6000]);
  });

  test("a reservation ends once: a second settle or refund does nothing", async () => {
    const limiter = rateLimit({ requests: perMinute(60, 5) }, { clock: virtualClock() });
    const reservation: Reservation = await limiter.acquire();
    reservation.refund();
    reservation.refund();
    reservation.settle({ requests: 5 });
    expect(limiter.state().currencies["requests"]?.level).toBe(5);
  });

  test("a request that costs more than the limit is refused at once, queue or not", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(100, 10) }, { clock, name: "chat" });
    const expected = { name: "CostTooLargeError", currency: "tokens", cost: 101, capacity: 100 };
    await expect(limiter.acquire({ tokens: 101 })).rejects.toMatchObject(expected);
    await limiter.acquire({ tokens: 10 });
    void limiter.acquire({ tokens: 10 });
    await expect(limiter.acquire({ tokens: 101 })).rejects.toBeInstanceOf(CostTooLargeError);
    expect((await clock.run(limiter.acquire({ tokens: 100 }))).cost).toEqual({ requests: 1, tokens: 100 });
  });

  test("a request above the burst and within the limit goes when the bucket is full, and its debt is paid back", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(60, 10) }, { clock });
    const { note, seen } = noting(clock);
    note("1", limiter.acquire({ tokens: 1 }));
    note("40", limiter.acquire({ tokens: 40 }));
    note("2", limiter.acquire({ tokens: 2 }));
    await clock.runAll();
    expect(seen).toEqual(["1@0", "40@1000", "2@33000"]);
  });
});

describe("the bounds of an admission", () => {
  test("an abort while it waits ends it at once with the signal's reason, and leaves no timer", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock });
    await limiter.acquire();
    const controller = new AbortController();
    const waiting = expect(limiter.acquire({}, { signal: controller.signal })).rejects.toBe("enough");
    await clock.advance(10);
    controller.abort("enough");
    await waiting;
    expect([clock.nowMs(), clock.pending, limiter.state().queueLength]).toEqual([10, 0, 0]);
  });

  test("a signal that has aborted already takes nothing", async () => {
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock: virtualClock() });
    await expect(limiter.acquire({}, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
    expect(limiter.state().currencies["requests"]?.level).toBe(1);
  });

  test("what cannot go before its deadline fails at once, and says when it could", async () => {
    const clock = virtualClock({ startMs: 5000 });
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock, name: "chat" });
    await limiter.acquire();
    void limiter.acquire();
    void limiter.acquire();
    const error = await limiter.acquire({}, { deadlineMs: 8000 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AdmissionDeadlineError);
    expect(error).toMatchObject({
      retryAfterMs: 3000,
      binds: "requests",
      message:
        'rate limit "chat": the request could go in 3000 ms at the earliest (requests), its deadline is in 3000 ms',
    });
    const fits = await clock.run(limiter.acquire({}, { deadlineMs: 8001 }));
    expect([fits.waitedMs, clock.nowMs()]).toEqual([3000, 8000]);
  });

  test("a pause refuses at once whoever has to be gone before it ends", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock });
    await limiter.acquire();
    const { note, seen } = noting(clock);
    note("patient", limiter.acquire());
    note("hurried", limiter.acquire({}, { deadlineMs: 4000 }));
    limiter.pause("10s");
    await clock.runAll();
    expect(seen).toEqual(["hurried!AdmissionDeadlineError@0", "patient@10000"]);
  });

  test("maxQueue refuses the one too many", async () => {
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock: virtualClock(), maxQueue: 1 });
    await limiter.acquire();
    void limiter.acquire();
    await expect(limiter.acquire()).rejects.toBeInstanceOf(AdmissionQueueFullError);
    const impatient = rateLimit({ requests: perMinute(60, 1) }, { clock: virtualClock(), maxQueue: 0 });
    await impatient.acquire();
    await expect(impatient.acquire()).rejects.toMatchObject({ maxQueue: 0 });
  });
});

describe("pause", () => {
  test("lets one go when it ends, and the others at the refill rate, though the burst was full", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 10) }, { clock });
    const { note, seen } = noting(clock);
    limiter.pause("5s");
    for (let i = 0; i < 4; i++) note(String(i), limiter.acquire());
    expect(limiter.state()).toMatchObject({ binds: "pause", nextAdmissionMs: 5000, pausedUntilMs: 5000 });
    await clock.runAll();
    expect(seen).toEqual(["0@5000", "1@6000", "2@7000", "3@8000"]);
  });

  test("a shorter pause does not end a longer one", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 10) }, { clock });
    limiter.pause("5s");
    limiter.pause("1s");
    await clock.advance("4999ms");
    expect(limiter.state().pausedUntilMs).toBe(5000);
    await clock.run(limiter.acquire());
    expect([clock.nowMs(), limiter.state().pausedUntilMs]).toEqual([5000, undefined]);
  });
});

describe("update and sync", () => {
  test("limits changed in mid-run hold from then on, in both directions", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock });
    const { note, seen } = noting(clock);
    for (let i = 0; i < 5; i++) note(String(i), limiter.acquire());
    await clock.advance(1000);
    limiter.update({ requests: perMinute(120, 1) });
    await clock.advance(1000);
    limiter.update({ requests: perMinute(6, 1) });
    await clock.runAll();
    expect(seen).toEqual(["0@0", "1@1000", "2@1500", "3@2000", "4@12000"]);
  });

  test("what the server says is left only takes away", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 10) }, { clock });
    await limiter.acquire();
    limiter.sync({ requests: { remaining: 50 } });
    expect(limiter.state().currencies["requests"]?.level).toBe(9);
    limiter.sync({ requests: { remaining: 3 } });
    expect(limiter.state().currencies["requests"]?.level).toBe(3);
    limiter.sync({ requests: { remaining: -1 }, others: { remaining: 0 } });
    expect(limiter.state().currencies["requests"]?.level).toBe(3);
  });
});

describe("as a policy", () => {
  test("waits before the call, by the cost of its arguments", async () => {
    const clock = virtualClock();
    const cost = (prompt: string) => ({ tokens: prompt.length });
    const ask = rateLimit(
      { tokens: perMinute(60, 10) },
      { clock, cost },
    )(async (prompt: string) => `${prompt}@${clock.nowMs()}`);
    const answers = Promise.all([ask("1234567890"), ask("12345")]);
    expect(await clock.run(answers)).toEqual(["1234567890@0", "12345@5000"]);
  });

  test("an operation that is run has no arguments, and costs one request whatever `cost` says", async () => {
    const cost = (prompt: string) => ({ tokens: prompt.length });
    const limiter = rateLimit(
      { requests: perMinute(60, 3), tokens: perMinute(60, 3) },
      { clock: virtualClock(), cost },
    );
    await limiter.run(() => "fine");
    const { requests, tokens } = limiter.state().currencies;
    expect([requests?.level, tokens?.level]).toEqual([2, 3]);
  });

  test("a request that may arrive late makes the next one wait for that as well", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 2) }, { clock, arrivalJitter: "250ms" });
    const { note, seen } = noting(clock);
    for (const label of ["a", "b", "c"]) note(label, limiter.acquire());
    await clock.runAll();
    expect(seen).toEqual(["a@0", "b@250", "c@1250"]);
  });

  test("keeps the reservation whether the call succeeds or fails", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 3) }, { clock });
    await limiter.run(() => "fine");
    await expect(limiter.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(limiter.state().currencies["requests"]?.level).toBe(1);
  });

  test("tells the store that a call has ended, once, with what it was reserved at", async () => {
    const clock = virtualClock();
    const near = memoryLimiterStore();
    const ended: Settlement[] = [];
    const store: LimiterStore = {
      reserve: near.reserve.bind(near),
      settle: (settlement) => void ended.push(settlement),
      sync: near.sync.bind(near),
      pause: near.pause.bind(near),
      update: near.update.bind(near),
      state: near.state.bind(near),
    };
    await rateLimit({ requests: perMinute(60, 3) }, { clock, store }).run(() => "fine");
    expect(ended).toEqual([{ id: 1, cost: { requests: 1 }, actual: { requests: 1 } }]);
  });

  test("the priority of a call is that of its run, of its arguments, or of the policy", async () => {
    const clock = virtualClock();
    const order: string[] = [];
    const limiter = rateLimit(
      { requests: perMinute(60, 1) },
      { clock, priority: (label: string) => (label === "urgent" ? 1 : 0) },
    );
    const ask = limiter(async (label: string) => order.push(label));
    const running = Promise.all([
      ask("first"),
      ask("second"),
      limiter.run(() => order.push("run")),
      ask("urgent"),
      limiter.run(() => order.push("most urgent"), { priority: 2 }),
    ]);
    await clock.run(running);
    expect(order).toEqual(["first", "most urgent", "urgent", "second", "run"]);
    const low = rateLimit({ requests: perMinute(60, 1) }, { clock, priority: -1 });
    expect(await low.run(() => "fine")).toBe("fine");
  });

  test("each attempt of a retry around it is admitted anew", async () => {
    const clock = virtualClock();
    const policy = compose(
      retry({ schedule: [0, 0], jitter: null, clock }),
      rateLimit({ requests: perMinute(60, 1) }, { clock }),
    );
    const at: number[] = [];
    const outcome = await clock.run(
      policy.outcome((attempt) => {
        at.push(clock.nowMs());
        if (attempt.number < 3) throw new Error("no");
        return "yes";
      }),
    );
    expect([at, outcome.attempts]).toEqual([[0, 1000, 2000], 3]);
  });

  test("a retry around it does not repeat what can never be admitted", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ tokens: perMinute(60, 1) }, { clock, cost: () => ({ tokens: 61 }) });
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const ask = compose(retry({ clock }), limiter)(async () => "never");
    await expect(clock.run(ask())).rejects.toBeInstanceOf(CostTooLargeError);
    stop();
    expect(events.map(({ type }) => type)).not.toContain("retry-scheduled");
  });

  test("a run that cannot be admitted before its deadline ends with that reason", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock });
    await limiter.run(() => "fine");
    const outcome = await limiter.outcome(() => "never", { deadlineMs: 500 });
    expect(outcome).toMatchObject({ ok: false, reason: "deadline", error: { retryAfterMs: 1000 } });
    await expect(limiter.run(() => "never", { deadlineMs: 500 })).rejects.toBeInstanceOf(AdmissionDeadlineError);
  });

  test("what ends a run in another way than its deadline is the reason it tells", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 2) }, { clock });
    const own = new AdmissionDeadlineError(undefined, 10, 5, "requests");
    const sent = await limiter.outcome(() => Promise.reject(own));
    expect(sent).toMatchObject({ reason: "not-retryable", error: own });
    await limiter.run(() => "fine");
    const controller = new AbortController();
    const waiting = limiter.outcome(() => "never", { signal: controller.signal });
    controller.abort("enough");
    expect(await waiting).toMatchObject({ reason: "aborted", error: "enough" });
  });

  test("a run leaves no timer and no listener behind", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock });
    const { signal } = new AbortController();
    await limiter.run(() => "fine", { signal, deadlineMs: 1000 });
    expect([getEventListeners(signal, "abort").length, clock.pending]).toEqual([0, 0]);
  });

  test("a run that is aborted as it is admitted is not sent, and costs nothing", async () => {
    const clock = virtualClock();
    const limiter = rateLimit({ requests: perMinute(60, 1) }, { clock });
    const controller = new AbortController();
    const stop = observe(({ type }) => type === "admission-granted" && controller.abort("enough"));
    await expect(limiter.run(() => "never", { signal: controller.signal })).rejects.toBe("enough");
    stop();
    expect(limiter.state().currencies["requests"]?.level).toBe(1);
  });

  test("says what it is made of, with the limits as they are now", () => {
    const limiter = rateLimit(
      { requests: { per: "1m", limit: 500, burst: 50 }, tokens: { per: "1m", limit: 240_000, burst: "1s" } },
      { clock: virtualClock(), name: "chat" },
    );
    expect(String(describePolicy(limiter))).toBe(
      '1. rate-limit "chat" lets go at most 500 requests per 60000 ms, 50 at once; ' +
        "240000 tokens per 60000 ms, 4000 at once.",
    );
    limiter.update({ tokens: { per: "1m", limit: Number.POSITIVE_INFINITY } });
    const requests = { level: 50, limit: 500, perMs: 60_000, burst: 50 };
    expect(describePolicy(limiter)[0]).toMatchObject({
      summary: "lets go at most 500 requests per 60000 ms, 50 at once",
      options: { limits: { requests } },
    });
    limiter.update({ requests: { per: "1m", limit: Number.POSITIVE_INFINITY } });
    expect(String(describePolicy(limiter))).toBe('1. rate-limit "chat" lets every call go.');
  });

  test("its defaults are what the documents say", () => {
    expect(RATE_LIMIT_DEFAULTS).toEqual({
      priority: 0,
      arrivalJitter: 0,
      maxQueue: Number.POSITIVE_INFINITY,
      ageing: "30s",
      interactiveShare: 0,
    });
    expect(Object.isFrozen(RATE_LIMIT_DEFAULTS)).toBe(true);
  });
});
