import { afterEach, describe, expect, test, vi } from "vitest";
import { type Clock, defaultClock, replaceDefaultClock, sleepOn, startTimer, systemClock } from "./clock.js";
import { retry } from "./index.js";
import { fail, ok, scripted, virtualClock, withClock } from "./testing.js";

afterEach(() => {
  // What was put around a fake timer goes with it.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const fake = (): void => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });

describe("the host's clock", () => {
  test("wakes sleepers in the order of their times, equals in the order they came, with one host timer", async () => {
    fake();
    const woken: string[] = [];
    const sleep = async (ms: number, name: string): Promise<void> => {
      await systemClock.sleep(ms);
      woken.push(name);
    };
    const all = Promise.all([sleep(30, "c"), sleep(10, "a"), sleep(20, "b"), sleep(10, "a2")]);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(30);
    await all;
    expect(woken).toEqual(["a", "a2", "b", "c"]);
  });

  test("wakes each at its own time, and then holds no host timer", async () => {
    fake();
    const woken: number[] = [];
    const startedMs = performance.now();
    for (const ms of [20, 10]) systemClock.timer?.(startedMs + ms, () => woken.push(performance.now() - startedMs));
    await vi.advanceTimersByTimeAsync(30);
    expect([woken, vi.getTimerCount()]).toEqual([[10, 20], 0]);
  });

  test("asks the host once for a wait, for whole milliseconds, and for no more than it can keep", async () => {
    fake();
    const asked = vi.spyOn(globalThis, "setTimeout");
    const delays = (): unknown[] => asked.mock.calls.splice(0).map(([, ms]) => ms);
    systemClock.timer?.(performance.now() + 12.5, () => undefined);
    await vi.advanceTimersByTimeAsync(13);
    expect(delays()).toEqual([13]);
    systemClock.timer?.(performance.now() - 5, () => undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(delays()).toEqual([0]);
    const stop = systemClock.timer?.(performance.now() + 2 ** 31, () => undefined);
    expect(delays()).toEqual([2 ** 31 - 1]);
    stop?.();
  });

  test("looks once in a turn whether any wait is left, and holds the process for none", async () => {
    fake();
    for (let call = 0; call < 10; call++) systemClock.timer?.(performance.now() + 60_000, () => undefined)();
    expect(vi.getTimerCount()).toBe(2);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("wakes by the host timers of the moment, which may be replaced while it waits", async () => {
    // The times of the process, and those of the fake, may be far apart.
    const firstMs = Math.ceil(systemClock.nowMs()) + 60_000;
    const stop = systemClock.timer?.(firstMs, () => undefined);
    fake();
    let isWoken = false;
    const later = systemClock.timer?.(firstMs + 60_000, () => {
      isWoken = true;
    });
    await vi.advanceTimersByTimeAsync(Math.ceil(firstMs + 60_000 - performance.now()) + 1);
    expect(isWoken).toBe(true);
    stop?.();
    later?.();
  });

  test("never wakes early, by its own measure", async () => {
    const startedMs = systemClock.nowMs();
    await systemClock.sleep(12.5);
    expect(systemClock.nowMs() - startedMs).toBeGreaterThanOrEqual(12.5);
    expect(Math.abs(systemClock.wallNowMs() - Date.now())).toBeLessThan(1000);
  });

  test("an aborted sleep rejects at once with the reason; an aborted signal starts none", async () => {
    fake();
    const controller = new AbortController();
    const seen = expect(systemClock.sleep(1000, controller.signal)).rejects.toBe("enough");
    const other = systemClock.sleep(5);
    controller.abort("enough");
    await seen;
    await expect(systemClock.sleep(1000, controller.signal)).rejects.toBe("enough");
    await vi.advanceTimersByTimeAsync(5);
    await other;
  });

  test("one callback that throws does not keep the others from their time", async () => {
    fake();
    const heard: string[] = [];
    systemClock.timer?.(performance.now() + 5, () => {
      throw new Error("in a callback");
    });
    systemClock.timer?.(performance.now() + 5, () => heard.push("second"));
    expect(() => vi.advanceTimersByTime(5)).toThrow("in a callback");
    await vi.advanceTimersByTimeAsync(5);
    expect(heard).toEqual(["second"]);
  });

  test("waits that were all cancelled hold no process, and the next one holds it again", async () => {
    const stop = startTimer(systemClock, systemClock.nowMs() + 60_000, () => undefined);
    stop();
    stop();
    startTimer(systemClock, systemClock.nowMs() + 120_000, () => undefined)();
    await systemClock.sleep(1);
    await systemClock.sleep(1);
  });

  test("where host timers are numbers, as in a browser, the last wait that ends clears its own, once the turn is over", () => {
    const cleared: unknown[] = [];
    const started: (readonly [callback: () => void, delayMs: number | undefined])[] = [];
    vi.stubGlobal("setTimeout", (callback: () => void, delayMs?: number) => started.push([callback, delayMs]));
    vi.stubGlobal("clearTimeout", (id: unknown) => cleared.push(id));
    const endTurn = (): void =>
      started
        .filter(([, delayMs]) => delayMs === undefined)
        .at(-1)?.[0]();
    const stops = [60_000, 90_000].map((ms) => startTimer(systemClock, systemClock.nowMs() + ms, () => undefined));
    const own = started.length;
    for (const stop of stops) stop();
    // Comes back in the same turn, and so finds the host timer as it was.
    const back = startTimer(systemClock, systemClock.nowMs() + 70_000, () => undefined);
    endTurn();
    const before = cleared.includes(own);
    back();
    endTurn();
    systemClock.timer?.(Number.POSITIVE_INFINITY, () => undefined)();
    vi.unstubAllGlobals();
    expect([own, before, cleared.includes(own)]).toEqual([1, false, true]);
  });
});

describe("any clock", () => {
  /** A clock with nothing but what it must have. */
  function plainClock(): Clock {
    const { nowMs, wallNowMs, sleep } = virtualClock();
    return { nowMs, wallNowMs, sleep };
  }

  test("needs no timers: a policy falls back to its sleep", async () => {
    const inner = virtualClock();
    const clock: Clock = {
      nowMs: () => inner.nowMs(),
      wallNowMs: () => inner.wallNowMs(),
      sleep: (ms, signal) => inner.sleep(ms, signal),
    };
    const policy = retry({ deadline: "5s", schedule: [1000], jitter: null, clock });
    expect(await inner.run(policy.run(scripted(fail(), ok("x"))))).toBe("x");
    await expect(inner.run(policy.run(() => new Promise(() => undefined)))).rejects.toMatchObject({
      code: "BIDE_DEADLINE",
    });
    expect(inner.pending).toBe(0);
  });

  test("without timers wakes at the time, and is let go when that is taken back", async () => {
    const inner = virtualClock({ startMs: 1000 });
    const clock: Clock = {
      nowMs: () => inner.nowMs(),
      wallNowMs: () => inner.wallNowMs(),
      sleep: (ms, signal) => inner.sleep(ms, signal),
    };
    const woken: number[] = [];
    const stop = startTimer(clock, 1020, () => woken.push(clock.nowMs()));
    startTimer(clock, 1030, () => woken.push(clock.nowMs()));
    startTimer(clock, 990, () => woken.push(clock.nowMs()));
    stop();
    expect(inner.pending).toBe(2);
    await inner.runAll();
    expect(woken).toEqual([1000, 1030]);
  });

  test("a time that never comes starts nothing, and can be taken back", () => {
    const clock = virtualClock();
    startTimer(clock, Number.POSITIVE_INFINITY, () => undefined)();
    startTimer(plainClock(), Number.POSITIVE_INFINITY, () => undefined)();
    expect(clock.pending).toBe(0);
  });

  test("sleeping for ever ends with an abort", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const seen = expect(clock.sleep(Number.POSITIVE_INFINITY, controller.signal)).rejects.toBe("enough");
    controller.abort("enough");
    await seen;
    await clock.run(sleepOn(clock, 5, undefined));
  });
});

describe("the default clock", () => {
  test("is the host's, and another one for as long as that is wanted", () => {
    const clock = virtualClock();
    {
      using _ = withClock(clock);
      expect(defaultClock()).toBe(clock);
    }
    expect(defaultClock()).toBe(systemClock);
    expect(replaceDefaultClock(clock)).toBe(systemClock);
    replaceDefaultClock(systemClock);
  });

  test("is put back once: disposing again leaves alone who came after", () => {
    const early = withClock(virtualClock());
    early[Symbol.dispose]();
    const clock = virtualClock();
    using _ = withClock(clock);
    early[Symbol.dispose]();
    expect(defaultClock()).toBe(clock);
  });
});
