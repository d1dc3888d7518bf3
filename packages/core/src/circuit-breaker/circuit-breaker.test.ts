import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type BreakerStore,
  type BreakerStoreFactory,
  CircuitOpenError,
  circuitBreaker,
  compose,
  describe as describeLayers,
  memoryBreakerStore,
  observe,
  type PolicyEvent,
  retry,
  timeout,
} from "../index.js";
import { recorder, virtualClock, withClock } from "../testing.js";

const down = new Error("down");
const failing = (): Promise<never> => Promise.reject(down);
const hanging = (): Promise<never> => new Promise(() => undefined);

/** Opens at two failures of two calls. */
const quick = { minimumCalls: 2, window: { calls: 2 }, openFor: "5s", name: "billing" } as const;

describe("a circuit breaker", () => {
  test("passes calls on while it is closed, with the caller's own error", async () => {
    const breaker = circuitBreaker({ clock: virtualClock() });
    expect(await breaker.run(() => "answer")).toBe("answer");
    await expect(breaker.run(failing)).rejects.toBe(down);
    // No more than it says: a time is there only where there is one.
    expect(await breaker.state()).toStrictEqual({ status: "closed", calls: 2, failures: 1 });
  });

  test("opens when enough calls failed, and refuses without calling", async () => {
    const clock = virtualClock();
    const breaker = circuitBreaker({ ...quick, clock });
    let calls = 0;
    for (let call = 1; call <= 2; call++) await breaker.outcome(failing);
    await clock.advance(800);
    const refused = breaker.run(() => calls++);
    await expect(refused).rejects.toBeInstanceOf(CircuitOpenError);
    await expect(refused).rejects.toMatchObject({
      code: "BIDE_CIRCUIT_OPEN",
      name: "CircuitOpenError",
      retryAfterMs: 4200,
      message: 'circuit "billing" is open: 2 of the last 2 calls failed; next probe in 4200 ms',
    });
    expect(calls).toBe(0);
  });

  test("a call that goes well never opens it, whatever the share of failures", async () => {
    const breaker = circuitBreaker({ minimumCalls: 2, window: { calls: 4 }, clock: virtualClock() });
    await breaker.outcome(failing);
    await breaker.run(() => "answer");
    expect(await breaker.state()).toEqual({ status: "closed", calls: 2, failures: 1 });
    await breaker.outcome(() => Promise.reject(Object.assign(new Error("answered"), { status: 404 })));
    expect(await breaker.state()).toEqual({ status: "closed", calls: 3, failures: 1 });
    await breaker.outcome(failing);
    expect(await breaker.state()).toMatchObject({ status: "open", calls: 4, failures: 2 });
  });

  test("closes again after a probe that succeeds", async () => {
    const clock = virtualClock();
    const breaker = circuitBreaker({ ...quick, clock });
    for (let call = 1; call <= 2; call++) await breaker.outcome(failing);
    await clock.advance("5s");
    expect(await breaker.state()).toEqual({ status: "half-open", calls: 2, failures: 2 });
    expect(await breaker.run(() => "back")).toBe("back");
    expect(await breaker.state()).toEqual({ status: "closed", calls: 0, failures: 0 });
  });

  test("says what happens to it, in order", async () => {
    const clock = virtualClock();
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const breaker = circuitBreaker({ ...quick, clock });
    for (let call = 1; call <= 3; call++) await breaker.outcome(failing);
    await clock.advance("5s");
    await breaker.run(() => "back");
    await breaker.isolate();
    await breaker.close();
    stop();
    const base = { name: "billing", calls: 2, failures: 2 };
    expect(events).toEqual([
      { type: "circuit-opened", ...base, retryAfterMs: 5000 },
      { type: "call-refused", policy: "circuit-breaker", name: "billing", retryAfterMs: 5000 },
      { type: "circuit-half-opened", ...base },
      { type: "circuit-closed", ...base },
      { type: "circuit-isolated", name: "billing", calls: 0, failures: 0 },
      { type: "circuit-closed", name: "billing", calls: 0, failures: 0 },
    ]);
  });

  test("held open by hand it refuses until it is closed by hand", async () => {
    const clock = virtualClock();
    const breaker = circuitBreaker({ clock });
    await breaker.isolate();
    await clock.advance("1d");
    await expect(breaker.run(() => 1)).rejects.toThrow("circuit is held open by hand");
    await breaker.close();
    expect(await breaker.run(() => 1)).toBe(1);
  });

  test("opened by hand it lets a probe through after its usual time", async () => {
    const clock = virtualClock();
    const breaker = circuitBreaker({ clock });
    await breaker.open();
    await expect(breaker.run(() => 1)).rejects.toMatchObject({ retryAfterMs: 5000 });
    await clock.advance("5s");
    expect(await breaker.run(() => 1)).toBe(1);
  });

  test("refuses calls beside a running probe, and says how long at the latest", async () => {
    const clock = virtualClock();
    const breaker = circuitBreaker({ clock, initialState: { status: "half-open", calls: 4, failures: 4 } });
    void breaker.run(hanging);
    await clock.advance(1000);
    await expect(breaker.run(() => 1)).rejects.toThrow(
      "circuit is half-open: its probes are still running; next probe in 4000 ms at the latest",
    );
  });

  test("takes back the state that it gave, as JSON", async () => {
    const clock = virtualClock({ startMs: 77 });
    const first = circuitBreaker({ ...quick, clock });
    for (let call = 1; call <= 2; call++) await first.outcome(failing);
    await clock.advance("2s");
    const initialState = JSON.parse(JSON.stringify(await first.state()));
    const later = virtualClock({ startMs: 123_456 });
    const second = circuitBreaker({ ...quick, clock: later, initialState });
    await expect(second.run(() => 1)).rejects.toMatchObject({ retryAfterMs: 3000, calls: 2, failures: 2 });
  });

  test.each([
    { status: "closed", calls: 3, failures: 2 },
    { status: "isolated", calls: 4, failures: 3 },
  ] as const)("begins where it was: %o", async (initialState) => {
    expect(await circuitBreaker({ clock: virtualClock(), initialState }).state()).toEqual(initialState);
  });

  test("uses the default clock of the moment where it was given none", async () => {
    const clock = virtualClock();
    using _ = withClock(clock);
    const breaker = circuitBreaker({ initialState: { status: "open", calls: 1, failures: 1, retryAfterMs: 10 } });
    await expect(breaker.run(() => 1)).rejects.toThrow("circuit is open");
    await clock.advance(10);
    expect(await breaker.run(() => 1)).toBe(1);
  });

  test("describes itself in a sentence", () => {
    expect(String(describeLayers(circuitBreaker()))).toBe(
      "1. circuit-breaker refuses calls for 5000 ms once 50 % of the calls of the last 30000 ms, at least 20, failed.",
    );
    const [layer] = describeLayers(circuitBreaker(quick));
    expect(layer?.summary).toContain("50 % of the last 2 calls, at least 2");
    expect(layer?.options).toEqual({
      failureRatio: 0.5,
      minimumCalls: 2,
      window: { calls: 2 },
      openForMs: 5000,
      probes: 1,
    });
  });
});

describe("what counts as a failure", () => {
  const count = async (error: unknown, options: object = {}): Promise<unknown> => {
    const breaker = circuitBreaker({ clock: virtualClock(), ...options });
    await breaker.outcome(() => Promise.reject(error));
    const { calls, failures } = await breaker.state();
    return { calls, failures };
  };

  test("an error that may heal; one that says the service answered counts as a call that went well", async () => {
    expect(await count(Object.assign(new Error(), { status: 503 }))).toEqual({ calls: 1, failures: 1 });
    expect(await count(Object.assign(new Error(), { status: 400 }))).toEqual({ calls: 1, failures: 0 });
    expect(await count(undefined)).toEqual({ calls: 1, failures: 1 });
  });

  test("what `on` says: a class, classes, or a function", async () => {
    expect(await count(new RangeError(), { on: RangeError })).toEqual({ calls: 1, failures: 1 });
    expect(await count(new RangeError(), { on: [URIError] })).toEqual({ calls: 1, failures: 0 });
    expect(await count("odd", { on: (error: unknown) => error === "odd" })).toEqual({ calls: 1, failures: 1 });
  });

  test("a refusal is nothing that `on` is asked about", async () => {
    const asked: unknown[] = [];
    const on = (error: unknown): boolean => asked.push(error) > 0;
    const breaker = circuitBreaker({ ...quick, clock: virtualClock(), on });
    for (let call = 1; call <= 3; call++) await breaker.outcome(failing);
    expect(asked).toEqual([down, down]);
  });

  test("an abort counts as nothing, whoever it came from", async () => {
    expect(await count(new DOMException("gone", "AbortError"))).toEqual({ calls: 0, failures: 0 });
    const breaker = circuitBreaker({ clock: virtualClock() });
    const controller = new AbortController();
    const running = breaker.run(hanging, { signal: controller.signal });
    controller.abort("gone");
    await expect(running).rejects.toBe("gone");
    expect(await breaker.state()).toMatchObject({ calls: 0 });
  });

  test("a call that failed in the moment of the abort counts as what the caller sees of it", async () => {
    for (let turns = 0; turns < 8; turns++) {
      const breaker = circuitBreaker({ clock: virtualClock() });
      const controller = new AbortController();
      let fail: ((error: unknown) => void) | undefined;
      const operation = (): Promise<never> => new Promise((_, reject) => (fail = reject));
      const seen = breaker.run(operation, { signal: controller.signal }).catch((error: unknown) => error);
      fail?.(down);
      for (let turn = 0; turn < turns; turn++) await undefined;
      controller.abort("gone");
      const failures = (await seen) === down ? 1 : 0;
      expect(await breaker.state()).toEqual({ status: "closed", calls: failures, failures });
    }
  });

  test("a call that was cut for taking too long is a failure", async () => {
    const clock = virtualClock();
    const breaker = circuitBreaker({ clock });
    await clock.run(compose(timeout("1s", { clock }), breaker).outcome(hanging));
    await clock.run(breaker.outcome(hanging, { deadlineMs: 1500 }));
    const signal = new AbortController();
    const running = breaker.outcome(hanging, { signal: signal.signal });
    signal.abort(new DOMException("too long", "TimeoutError"));
    await running;
    expect(await breaker.state()).toMatchObject({ calls: 3, failures: 3 });
  });

  test("a call that is over before it begins is not made, and takes no probe", async () => {
    let asked = 0;
    const store: BreakerStoreFactory = (rules, nowMs) => {
      const near = memoryBreakerStore(rules, nowMs);
      const acquire: BreakerStore["acquire"] = (ms) => {
        asked++;
        return near.acquire(ms);
      };
      return { acquire, report: near.report.bind(near), force: near.force.bind(near), read: near.read.bind(near) };
    };
    const breaker = circuitBreaker({ store, initialState: { status: "half-open", calls: 1, failures: 1 } });
    await expect(breaker.run(() => 1, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
    expect(asked).toBe(0);
    expect(await breaker.run(() => 1)).toBe(1);
  });

  test.each([
    ["answers", () => "answer"],
    ["fails", failing],
  ])("a call that %s leaves no timer and no listener", async (_, operation) => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    await circuitBreaker({ clock }).outcome(operation, { signal, deadlineMs: 1000 });
    expect([getEventListeners(signal, "abort").length, clock.pending]).toEqual([0, 0]);
  });

  test("a retry around it waits until the next probe", async () => {
    const clock = virtualClock();
    const breaker = circuitBreaker({ ...quick, clock });
    for (let call = 1; call <= 2; call++) await breaker.outcome(failing);
    const policy = compose(retry({ clock, jitter: null, schedule: [100] }), breaker);
    expect(await clock.run(policy.outcome(() => "back"))).toMatchObject({ ok: true, waitsMs: [5000] });
  });
});

describe("a store elsewhere", () => {
  /** The store in memory, answering later, or failing. */
  const elsewhere = (clock: ReturnType<typeof virtualClock>, broken: Partial<BreakerStore> = {}) =>
    circuitBreaker({
      ...quick,
      clock,
      store: (rules, nowMs) => {
        const store = memoryBreakerStore(rules, nowMs);
        return {
          acquire: (ms) => clock.sleep(10).then(() => store.acquire(ms)),
          report: (ticket, result, ms) => clock.sleep(10).then(() => store.report(ticket, result, ms)),
          force: (status, ms) => clock.sleep(10).then(() => store.force(status, ms)),
          read: (ms) => clock.sleep(10).then(() => store.read(ms)),
          ...broken,
        };
      },
    });

  test("is waited for", async () => {
    const clock = virtualClock();
    const breaker = elsewhere(clock);
    for (let call = 1; call <= 2; call++) await clock.run(breaker.outcome(failing));
    await clock.runAll();
    await expect(clock.run(breaker.run(() => 1))).rejects.toBeInstanceOf(CircuitOpenError);
    await clock.run(breaker.close());
    expect(await clock.run(breaker.state())).toMatchObject({ status: "closed" });
  });

  test("is told how calls went, and listeners hear what came of it", async () => {
    const clock = virtualClock();
    using record = recorder();
    const breaker = elsewhere(clock);
    for (let call = 1; call <= 2; call++) await clock.run(breaker.outcome(failing));
    await clock.runAll();
    expect(record.types).toEqual(["circuit-opened"]);
  });

  test("is told in its own words where somebody wants it", async () => {
    const told: string[] = [];
    const force = (status: string): undefined => void told.push(status);
    const breaker = elsewhere(virtualClock(), { force });
    await breaker.open();
    await breaker.isolate();
    await breaker.close();
    expect(told).toEqual(["open", "isolated", "closed"]);
  });

  test("hears of each call in one of three words", async () => {
    const clock = virtualClock();
    const told: unknown[] = [];
    const report = (_: number, result: string): undefined => void told.push(result);
    const breaker = elsewhere(clock, { report });
    for (const error of [
      down,
      Object.assign(new Error("answered"), { status: 404 }),
      new DOMException("", "AbortError"),
    ])
      await clock.run(breaker.outcome(() => Promise.reject(error)));
    await clock.run(breaker.outcome(() => "answer"));
    expect(told).toEqual(["failure", "success", "ignored", "success"]);
  });

  test("an abort does not wait for it, and gives back a probe that is let through too late", async () => {
    const clock = virtualClock();
    const breaker = elsewhere(clock);
    await clock.run(breaker.open());
    await clock.advance("5s");
    const controller = new AbortController();
    const running = breaker.run(() => 1, { signal: controller.signal });
    await clock.advance(5);
    controller.abort("gone");
    await expect(running).rejects.toBe("gone");
    await clock.runAll();
    expect(await clock.run(breaker.state())).toMatchObject({ status: "half-open" });
    expect(await clock.run(breaker.run(() => "probe"))).toBe("probe");
  });

  test("an abort leaves a refusal that comes too late alone", async () => {
    const clock = virtualClock();
    const reported: unknown[] = [];
    const report = (...told: unknown[]): undefined => void reported.push(told);
    const breaker = elsewhere(clock, { report });
    await clock.run(breaker.open());
    const controller = new AbortController();
    const running = breaker.run(() => 1, { signal: controller.signal });
    controller.abort("gone");
    await expect(running).rejects.toBe("gone");
    await clock.runAll();
    expect(await clock.run(breaker.state())).toMatchObject({ status: "open" });
    expect(reported).toEqual([]);
  });

  test("when it fails the call is made all the same, and listeners hear of it", async () => {
    const clock = virtualClock();
    const lost = new Error("store lost");
    const throwing = (): never => {
      throw lost;
    };
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const rejecting = (): Promise<never> => Promise.reject(lost);
    // A store that did not let the call through hears nothing of it.
    expect(await elsewhere(clock, { acquire: rejecting, report: throwing }).run(() => 1)).toBe(1);
    expect(await elsewhere(clock, { acquire: throwing }).run(() => 2)).toBe(2);
    expect(await clock.run(elsewhere(clock, { report: rejecting }).run(() => 3))).toBe(3);
    expect(await clock.run(elsewhere(clock, { report: throwing }).run(() => 4))).toBe(4);
    stop();
    const failed = { type: "store-failed", policy: "circuit-breaker", name: "billing", error: lost };
    expect(events).toEqual([failed, failed, failed, failed]);
  });

  test("may name no time", () => {
    const error = new CircuitOpenError(undefined, { status: "open", calls: 9, failures: 7 });
    expect([error.message, error.retryAfterMs]).toEqual([
      "circuit is open: 7 of the last 9 calls failed; next probe soon",
      undefined,
    ]);
  });

  test("says the time to the next probe in whole milliseconds, and never too early", () => {
    const state = { status: "open", calls: 9, failures: 7, retryAfterMs: 10.2 } as const;
    expect(new CircuitOpenError("chat", state).message).toContain(
      'circuit "chat" is open: 7 of the last 9 calls failed',
    );
    expect(new CircuitOpenError("chat", state).message).toContain("next probe in 11 ms");
  });

  test("when it fails and nobody listens, nothing happens", async () => {
    const clock = virtualClock();
    const breaker = elsewhere(clock, { acquire: () => Promise.reject(new Error("lost")) });
    expect(await breaker.run(() => 1)).toBe(1);
  });
});

describe("options", () => {
  test.each([
    [{ failureRatio: 0 }, "expected `failureRatio` to be a number > 0 and <= 1, got `0` (number)"],
    [{ failureRatio: 1.1 }, "expected `failureRatio`"],
    [{ minimumCalls: 0 }, "expected `minimumCalls` to be an integer >= 1"],
    [{ minimumCalls: Number.POSITIVE_INFINITY }, "expected `minimumCalls`"],
    [{ probes: 0 }, "expected `probes`"],
    [{ probes: Number.POSITIVE_INFINITY }, "expected `probes`"],
    [{ openFor: 0 }, "expected `openFor` to be a duration > 0 and < Infinity"],
    [{ openFor: Number.POSITIVE_INFINITY }, "expected `openFor`"],
    [{ window: 0 }, "expected `window` to be a duration > 0 and < Infinity"],
    [{ window: null }, "expected `window` to be a duration"],
    [{ window: {} }, "expected `window.calls` to be an integer >= 1, got `undefined`"],
    [{ window: { calls: Number.POSITIVE_INFINITY } }, "expected `window.calls`"],
    [{ window: { calls: 10 } }, "expected `minimumCalls` to be at most the window of 10 calls, got `20`"],
    [{ on: 3 }, "expected `on` to be an error class, a list of them, or a function"],
    [{ store: {} }, "expected `store` to be a function"],
    [{ store: () => 5 }, "expected `store` to be a BreakerStore (with acquire and report and force and read), got `5`"],
    [{ store: () => undefined }, "expected `store` to be a BreakerStore"],
    [{ store: async () => memoryBreakerStore }, "expected `store` to be a BreakerStore"],
    [{ initialState: null }, "expected `initialState` to be what `state()` returned, got `null`"],
    [{ initialState: { status: "ajar" } }, "expected `initialState` to be what `state()` returned, got an object"],
    [{ initialState: { status: "open", calls: -1 } }, "expected `initialState.calls`"],
    [{ initialState: { status: "open", calls: Number.POSITIVE_INFINITY } }, "expected `initialState.calls`"],
    [{ initialState: { status: "open", calls: 1 } }, "expected `initialState.failures`"],
    [
      { initialState: { status: "closed", calls: 1, failures: 2 } },
      "expected `initialState.failures` to be at most the 1 calls, got `2` (number)",
    ],
    [
      { initialState: { status: "open", calls: 1, failures: Number.POSITIVE_INFINITY } },
      "expected `initialState.failures`",
    ],
    [
      { initialState: { status: "open", calls: 1, failures: 1, retryAfterMs: -1 } },
      "expected `initialState.retryAfterMs`",
    ],
    [{ minimumCals: 3 }, "circuitBreaker has no option `minimumCals`; did you mean `minimumCalls`?"],
  ])("%o is refused at construction", (options, message) => {
    expect(() => circuitBreaker(options as object)).toThrow(message);
    const [, option] = /`([\w.]+)`/.exec(message) ?? [];
    expect(() => circuitBreaker(options as object)).toThrow(expect.objectContaining({ option }));
  });
});
