import { describe, expect, test } from "vitest";
import { StalledError, virtualClock } from "../testing.js";

describe("the virtual clock", () => {
  test("stands still until it is told, and begins where it is told", async () => {
    const clock = virtualClock({ startMs: 1000 });
    expect([clock.nowMs(), clock.wallNowMs(), clock.pending]).toEqual([1000, 1000, 0]);
    await clock.advance("1.5s");
    expect(clock.nowMs()).toBe(2500);
  });

  test("runs everything that is due in order, each at its own time, and what follows from it", async () => {
    const clock = virtualClock();
    const seen: string[] = [];
    const walk = async (name: string, ...steps: readonly number[]): Promise<void> => {
      for (const step of steps) {
        await clock.sleep(step);
        seen.push(`${name}${clock.nowMs()}`);
      }
    };
    void walk("a", 10, 10, 10);
    void walk("b", 15, 10, 100);
    await clock.advance(30);
    expect([seen, clock.nowMs(), clock.pending]).toEqual([["a10", "b15", "a20", "b25", "a30"], 30, 1]);
  });

  test("a time in the past is due at once, and never turns the clock back", async () => {
    const clock = virtualClock({ startMs: 100 });
    const seen: number[] = [];
    clock.timer(50, () => seen.push(clock.nowMs()));
    await clock.advance(0);
    expect(seen).toEqual([100]);
  });

  test("never goes back where one who moves it has further to go than another", async () => {
    const clock = virtualClock();
    await Promise.all([clock.advance(1000), clock.advance(10)]);
    expect(clock.nowMs()).toBe(1000);
  });

  test("a timer that was taken back does not run, and may be taken back twice", async () => {
    const clock = virtualClock();
    const stop = clock.timer(5, () => expect.unreachable());
    stop();
    stop();
    await clock.runAll();
    expect(clock.nowMs()).toBe(0);
  });

  test("an aborted sleep rejects with the reason and leaves nothing", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const seen = expect(clock.sleep(5, controller.signal)).rejects.toBe("enough");
    controller.abort("enough");
    await seen;
    expect(clock.pending).toBe(0);
  });

  test("can be exhausted, within a limit", async () => {
    const clock = virtualClock();
    const forever = (): void => void clock.timer(clock.nowMs() + 1, forever);
    forever();
    await expect(clock.runAll(100)).rejects.toThrow("the clock still has 1 waits after running 100");
    expect(clock.nowMs()).toBe(100);
    const exact = virtualClock();
    exact.timer(1, () => undefined);
    await exact.runAll(1);
    expect([exact.nowMs(), exact.pending]).toEqual([1, 0]);
  });

  test("run settles like its promise, which may need the host's own turns, and says when nothing can settle it", async () => {
    const clock = virtualClock();
    expect(await clock.run(new Promise((resolve) => setImmediate(() => resolve("x"))))).toBe("x");
    await expect(clock.run(clock.sleep(5).then(() => Promise.reject("no")))).rejects.toBe("no");
    const stalled = clock.run(new Promise(() => undefined));
    await expect(stalled).rejects.toBeInstanceOf(StalledError);
    await expect(stalled).rejects.toMatchObject({
      name: "StalledError",
      code: "BIDE_STALLED",
      message: "the promise waits for something that this clock does not drive",
    });
  });

  test("run waits for the host as long as something happens between two of its own waits", async () => {
    const clock = virtualClock();
    const turns = async (count: number): Promise<void> => {
      for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    const work = async (): Promise<string> => {
      for (let round = 0; round < 3; round++) {
        await turns(40);
        await clock.sleep(10);
      }
      return "done";
    };
    expect([await clock.run(work()), clock.nowMs()]).toEqual(["done", 30]);
  });

  test("a duration that is none is refused", async () => {
    await expect(virtualClock().advance("soon" as never)).rejects.toThrow("expected `duration` to be a duration");
  });
});
