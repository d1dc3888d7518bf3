import { type Clock, systemClock } from "bide";
import { describe, expect, test } from "vitest";
import { LateStart } from "./late-start.js";

/** A clock whose timers fire when the test says so. */
class BusyClock implements Clock {
  ms = 0;
  #due: (() => void)[] = [];
  nowMs = (): number => this.ms;
  wallNowMs = (): number => this.ms;
  sleep = (ms: number, signal?: AbortSignal): Promise<void> => systemClock.sleep(ms, signal);
  timer = (_atMs: number, callback: () => void): (() => void) => {
    this.#due.push(callback);
    return () => undefined;
  };
  freeAt(ms: number): void {
    this.ms = ms;
    for (const callback of this.#due.splice(0)) callback();
  }
}

function taken(levels: readonly number[], freeMs: number): unknown {
  const clock = new BusyClock();
  const lateStart = new LateStart();
  let seen: unknown;
  for (const level of levels) {
    const currencies = { requests: { level, burst: 10, limit: 600, perMs: 60_000 } };
    lateStart.watch({ currencies, pausedUntilMs: undefined }, clock, (cost) => {
      seen = cost;
    });
  }
  clock.freeAt(freeMs);
  return seen;
}

describe("a lane that begins while the host is busy", () => {
  test("lets nothing come in until it is free", () => {
    const clock = new BusyClock();
    const lateStart = new LateStart();
    const state = (level: number) => ({
      currencies: { requests: { level, burst: 10, limit: 600, perMs: 60_000 } },
      pausedUntilMs: undefined,
    });
    const times = [lateStart.timeFor(0)];
    lateStart.watch(state(10), clock, () => undefined);
    lateStart.watch(state(9), clock, () => undefined);
    times.push(lateStart.timeFor(500));
    clock.freeAt(1001);
    times.push(lateStart.timeFor(1001));

    expect(times).toEqual([0, 0, 1001]);
  });

  test("takes back what came in meanwhile: the server saw nothing yet", () => {
    expect(taken([10, 9, 8], 1001)).toEqual({ requests: 10 });
  });

  test("takes back nothing where a timer is as late as timers are", () => {
    expect([taken([10, 9], 3), taken([10, 9], 101)]).toEqual([undefined, { requests: 1 }]);
  });

  test("takes back nothing where the bucket was not full: it fills at the server as well", () => {
    expect(taken([9, 8], 1001)).toBeUndefined();
  });

  test("does not watch a call that is alone", () => {
    expect(taken([10], 1001)).toBeUndefined();
  });
});
