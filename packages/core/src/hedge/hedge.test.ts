import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type Attempt,
  type Budget,
  compose,
  DeadlineError,
  describe as describeLayers,
  type Failure,
  hedge,
  observe,
  type PolicyEvent,
  retry,
  retryBudget,
  timeout,
} from "../index.js";
import { virtualClock, withClock } from "../testing.js";

const hanging = (): Promise<never> => new Promise(() => undefined);

/** A service whose calls take so long each, in order; `aborted` tells which of them were cut, and why. */
function service(
  clock: ReturnType<typeof virtualClock>,
  ...answers: readonly (number | [ms: number, error: unknown])[]
) {
  const attempts: Attempt[] = [];
  const call = async (attempt: Attempt): Promise<number> => {
    const index = attempts.push(attempt) - 1;
    const answer = answers[index] ?? 0;
    const [ms, error] = typeof answer === "number" ? [answer] : answer;
    await clock.sleep(ms, attempt.signal);
    if (typeof answer !== "number") throw error;
    return index + 1;
  };
  const aborted = (): unknown[] => attempts.map(({ signal }) => signal.aborted && (signal.reason as Error).name);
  return { call, attempts, aborted };
}

async function observed(run: () => Promise<unknown>): Promise<PolicyEvent[]> {
  const events: PolicyEvent[] = [];
  const stop = observe((event) => events.push(event));
  await run().catch(() => undefined);
  stop();
  return events;
}

describe("hedge", () => {
  test("makes one call where that answers in time, and leaves no timer", async () => {
    const clock = virtualClock();
    const { call, attempts } = service(clock, 99);
    expect(await clock.run(hedge({ delay: 100, clock }).run(call))).toBe(1);
    expect([attempts.length, clock.nowMs(), clock.pending]).toEqual([1, 99, 0]);
  });

  test("makes another beside a slow one, takes the first answer, and aborts the loser", async () => {
    const clock = virtualClock();
    const { call, attempts, aborted } = service(clock, 500, 50);
    expect(await clock.run(hedge({ delay: 100, clock }).run(call))).toBe(2);
    expect([aborted(), clock.nowMs(), clock.pending]).toEqual([["AbortError", false], 150, 0]);
    expect(attempts[0]?.signal.reason).toMatchObject({ message: "another call of the hedge answered first" });
  });

  test("the first call may win after all", async () => {
    const clock = virtualClock();
    const { call, aborted } = service(clock, 120, 50);
    expect(await clock.run(hedge({ delay: 100, clock }).run(call))).toBe(1);
    expect([aborted(), clock.nowMs()]).toEqual([[false, "AbortError"], 120]);
  });

  test("never makes more than maxHedges, each due as long after the one before", async () => {
    const clock = virtualClock();
    const { call, attempts } = service(clock, 900, 900, 900, 900);
    const seen = clock.run(hedge({ delay: 100, maxHedges: 2, clock }).run(call));
    expect(await seen).toBe(1);
    expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  test("with a delay of zero both start at once", async () => {
    const clock = virtualClock();
    const { call } = service(clock, 80, 30);
    expect(await clock.run(hedge({ delay: 0, clock }).run(call))).toBe(2);
    expect(clock.nowMs()).toBe(30);
  });

  test("an error before a hedge was due is thrown at once, and hedges nothing", async () => {
    const clock = virtualClock();
    const error = new Error("mine");
    const { call, attempts } = service(clock, [10, error]);
    await expect(clock.run(hedge({ delay: 100, clock }).run(call))).rejects.toBe(error);
    expect([attempts.length, clock.pending]).toEqual([1, 0]);
    const thrower = (): never => {
      throw error;
    };
    await expect(hedge({ delay: 100, clock }).run(thrower)).rejects.toBe(error);
    // Likewise where no hedge can be due, because nothing was learned yet.
    await expect(clock.run(hedge({ clock }).run(service(clock, [10, error]).call))).rejects.toBe(error);
  });

  test("the first success wins over an earlier error", async () => {
    const clock = virtualClock();
    const { call } = service(clock, [120, new Error("no")], 50);
    expect(await clock.run(hedge({ delay: 100, clock }).run(call))).toBe(2);
  });

  test("when all fail, the first error is thrown, and after one nothing more is begun", async () => {
    const clock = virtualClock();
    const errors = [new Error("first"), new Error("second")];
    const { call, attempts } = service(clock, [250, errors[0]], [20, errors[1]]);
    await expect(clock.run(hedge({ delay: 100, maxHedges: 5, clock }).run(call))).rejects.toBe(errors[1]);
    expect([attempts.length, clock.nowMs()]).toEqual([2, 250]);
  });

  test("an abort ends every call at once, and leaves neither timer nor listener", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const { call, attempts } = service(clock, 500, 500);
    const running = hedge({ delay: 100, maxHedges: 2, clock }).run(call, { signal: controller.signal });
    await clock.advance(150);
    controller.abort("gone");
    await expect(running).rejects.toBe("gone");
    expect(attempts.map(({ signal }) => signal.reason)).toEqual(["gone", "gone"]);
    expect([clock.pending, getEventListeners(controller.signal, "abort").length]).toEqual([0, 0]);
  });

  test("an abort in the moment in which a hedge is due begins none, and asks for no share of the load", async () => {
    const inner = virtualClock();
    const controller = new AbortController();
    // Wakes whoever waits, and aborts before they can do anything.
    const timer = (atMs: number, wake: () => void): (() => void) =>
      inner.timer(atMs, () => {
        wake();
        controller.abort("gone");
      });
    const clock = { nowMs: () => inner.nowMs(), wallNowMs: () => 0, sleep: inner.sleep.bind(inner), timer };
    let asked = 0;
    const budget: Budget = { deposit: () => undefined, withdraw: () => ++asked > 0 };
    const policy = hedge({ delay: 100, maxExtraLoad: 10, budget, clock });
    const running = policy.run(hanging, { signal: controller.signal }).catch((reason: unknown) => reason);
    await inner.runAll();
    expect([await running, asked]).toEqual(["gone", 0]);
  });

  test("an error in the moment in which a hedge is due begins none, and asks no budget", async () => {
    const inner = virtualClock();
    const rejects: ((error: Error) => void)[] = [];
    // When the second hedge is due, the first one fails before who waits for the time can do anything.
    const timer = (atMs: number, wake: () => void): (() => void) =>
      inner.timer(atMs, () => {
        rejects[1]?.(new Error("no"));
        wake();
      });
    const clock = { nowMs: () => inner.nowMs(), wallNowMs: () => 0, sleep: inner.sleep.bind(inner), timer };
    let asked = 0;
    const budget: Budget = { deposit: () => undefined, withdraw: () => ++asked > 0 };
    const policy = hedge({ delay: 100, maxHedges: 2, maxExtraLoad: 10, budget, clock });
    void policy.run(() => new Promise<never>((_, reject) => rejects.push(reject)));
    await inner.runAll();
    expect([rejects.length, asked]).toEqual([2, 1]);
  });

  test("a success leaves no listener on the caller's signal", async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    await clock.run(hedge({ delay: 100, clock }).run(service(clock, 500, 50).call, { signal }));
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });

  test("an abort by the operation itself, while it begins, leaves no timer", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const running = hedge({ delay: 100, clock }).run(() => controller.abort("mine"), { signal: controller.signal });
    await expect(running).rejects.toBe("mine");
    expect(clock.pending).toBe(0);
  });

  test("the deadline ends every call, and no hedge is due at it or after it", async () => {
    const clock = virtualClock();
    const { call, attempts } = service(clock, 500);
    const running = hedge({ delay: 100, clock }).run(call, { deadlineMs: 100 });
    // The call's own sleep and the deadline: nothing waits for a hedge that could not begin.
    expect(clock.pending).toBe(2);
    await expect(clock.run(running)).rejects.toBeInstanceOf(DeadlineError);
    expect([attempts.length, clock.pending]).toEqual([1, 0]);
    const policy = compose(timeout(150, { clock }), hedge({ delay: 100, clock }));
    const slow = service(clock, 500, 500);
    await expect(clock.run(policy.run(slow.call))).rejects.toThrow("within 150 ms");
    expect([slow.attempts.length, slow.aborted(), clock.pending]).toEqual([2, Array(2).fill("CallTimeoutError"), 0]);
  });

  test("makes no call when it is over before it begins", async () => {
    let calls = 0;
    await expect(hedge({ delay: 1 }).run(() => calls++, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
    expect(calls).toBe(0);
  });

  test("a value that comes too late is handed to `discard`", async () => {
    const clock = virtualClock();
    const discarded: unknown[] = [];
    const deaf = (attempt: Attempt): Promise<number> =>
      clock.sleep(attempt.number === 1 ? 500 : 50).then(() => attempt.number);
    const policy = hedge({ delay: 100, clock, discard: (value) => discarded.push(value) });
    expect(await clock.run(policy.run(deaf))).toBe(2);
    await clock.runAll();
    expect(discarded).toEqual([1]);
  });

  test("what `discard` throws is told, and changes nothing; a late error raises nothing", async () => {
    const clock = virtualClock();
    const error = new Error("late");
    const deaf = (attempt: Attempt): Promise<number> => clock.sleep(attempt.number === 1 ? 500 : 50).then(() => 7);
    const discard = (): never => {
      throw error;
    };
    const run = async (): Promise<void> => {
      expect(await clock.run(hedge({ delay: 100, clock, discard, name: "h" }).run(deaf))).toBe(7);
      await clock.runAll();
    };
    expect((await observed(run)).at(-1)).toEqual({ type: "hook-failed", name: "h", hook: "discard", error });
    await run();
    const undiscarded = await observed(async () => {
      await clock.run(hedge({ delay: 100, clock }).run(deaf));
      await clock.runAll();
    });
    expect(undiscarded.map(({ type }) => type)).toEqual(["hedge-started", "hedge-won"]);
    const failing = (attempt: Attempt): Promise<number> =>
      attempt.number === 2 ? clock.sleep(50).then(() => 1) : clock.sleep(500).then(() => Promise.reject(error));
    expect(await clock.run(hedge({ delay: 100, clock }).run(failing))).toBe(1);
    await clock.runAll();
  });

  test("tells of hedges that were made, that won, and that were refused", async () => {
    const clock = virtualClock();
    const policy = hedge({ delay: 100, clock, name: "h", maxExtraLoad: 0.001 });
    const events = await observed(() => clock.run(policy.run(service(clock, 500, 50).call)));
    expect(events).toEqual([
      { type: "hedge-started", name: "h", attempt: 2, elapsedMs: 100 },
      { type: "hedge-won", name: "h", attempt: 2, elapsedMs: 150 },
    ]);
    for (let call = 1; call <= 9; call++) await clock.run(policy.run(service(clock, 500, 50).call));
    const refused = await observed(() => clock.run(policy.run(service(clock, 500, 50).call)));
    expect(refused).toEqual([{ type: "hedge-refused", name: "h", by: "load", elapsedMs: 100 }]);
    expect(await clock.run(policy.run(service(clock, 200, 50).call))).toBe(1);
  });

  test("its outcome counts all calls", async () => {
    const clock = virtualClock();
    const outcome = await clock.run(hedge({ delay: 100, clock }).outcome(service(clock, 500, 50).call));
    expect(outcome).toMatchObject({ ok: true, attempts: 2, elapsedMs: 150 });
  });

  test("opens streams too: the one whose first item comes first is passed on, the other is aborted", async () => {
    const clock = virtualClock();
    const signals: AbortSignal[] = [];
    const stream = hedge({ delay: 100, clock }).iterate(async function* ({ number, signal }) {
      signals.push(signal);
      await clock.sleep(number === 1 ? 900 : 10, signal);
      yield number;
      await clock.sleep(900, signal);
      yield number * 10;
    });
    const items: number[] = [];
    const read = async (): Promise<void> => {
      for await (const item of stream) items.push(item);
    };
    await clock.run(read());
    expect([items, signals.map(({ aborted }) => aborted)]).toEqual([
      [2, 20],
      [true, false],
    ]);
  });

  test("describes itself in a sentence", () => {
    expect(describeLayers(hedge({ name: "h" }))[0]).toMatchObject({
      policy: "hedge",
      name: "h",
      options: { maxExtraLoad: 0.02, maxHedges: 1, minimumCalls: 100, minDelayMs: 1, budget: false },
    });
    const sentences = String(
      describeLayers(
        compose(
          hedge(),
          hedge({ delay: "2s", maxHedges: 2, maxExtraLoad: Number.POSITIVE_INFINITY, budget: retryBudget() }),
        ),
      ),
    );
    expect(sentences).toBe(
      [
        "1. hedge makes another call beside the slowest 2 % of calls, for at most 2 % more calls.",
        "2. hedge makes up to 2 other calls beside a call that takes longer than 2000 ms, without a bound and within a budget.",
      ].join("\n"),
    );
  });
});

describe("a hedge and a shared budget", () => {
  test("makes no hedge that the budget refuses", async () => {
    const clock = virtualClock();
    const budget = retryBudget({ capacity: 1, perSecond: 0 });
    const policy = hedge({ delay: 100, budget, clock });
    const run = () => clock.run(policy.run(service(clock, 500, 50).call));
    expect([await run(), await run()]).toEqual([2, 1]);
    expect((await observed(run)).filter(({ type }) => type.startsWith("hedge"))).toEqual([
      { type: "hedge-refused", name: undefined, by: "budget", elapsedMs: 100 },
    ]);
  });

  test("tells it of each call once, also inside a retry that shares it", async () => {
    const told: string[] = [];
    const budget: Budget = {
      started: () => told.push("started"),
      deposit: (extra) => told.push(extra ? "deposit extra" : "deposit"),
      failed: () => told.push("failed"),
      withdraw: () => told.push("withdraw") > 0,
    };
    const clock = virtualClock();
    const policy = hedge({ delay: 100, budget, clock });
    await clock.run(policy.run(service(clock, 50).call));
    expect(told.splice(0)).toEqual(["started", "deposit"]);
    await clock.run(policy.run(service(clock, 500, 50).call));
    await clock.run(policy.outcome(service(clock, [10, new Error("no")]).call));
    await clock.run(policy.outcome(service(clock, [10, new TypeError("bug")]).call));
    expect(told.splice(0)).toEqual(["started", "withdraw", "deposit extra", "started", "failed", "started"]);
    const retried = compose(retry({ budget, clock, jitter: null, schedule: [5] }), policy);
    await clock.run(retried.run(service(clock, [10, new Error("no")], 500, 50).call));
    expect(told.splice(0)).toEqual(["started", "failed", "withdraw", "withdraw", "deposit extra"]);
    const inside = retry({ budget, clock, jitter: null, schedule: [5] });
    const unbudgeted = compose(inside, hedge({ delay: 100, clock }), inside);
    await clock.run(unbudgeted.run(service(clock, [10, new Error("no")], 50).call));
    // The inner retry asks, and leaves the telling to the outermost one, through a hedge that has no budget.
    expect(told).toEqual(["started", "withdraw", "deposit"]);
  });

  test("hears what failed, and nothing of what fails after the end; one that does not listen need not", async () => {
    const clock = virtualClock();
    const failed: Failure[] = [];
    const budget: Budget = {
      deposit: () => undefined,
      withdraw: () => true,
      failed: (failure) => failed.push(failure),
    };
    const error = new Error("no");
    const policy = hedge({ delay: 100, budget, clock });
    await clock.run(policy.outcome(service(clock, [300, error], [250, new Error("later")]).call));
    expect(failed.splice(0)).toEqual([{ kind: "error", error, attempt: 2, elapsedMs: 350 }]);
    const deaf = (): Promise<never> => clock.sleep(500).then(() => Promise.reject(error));
    await clock.run(policy.outcome(deaf, { deadlineMs: clock.nowMs() + 200 }));
    await clock.runAll();
    expect(failed).toEqual([]);
    const mute: Budget = { deposit: () => undefined, withdraw: () => true };
    await expect(clock.run(hedge({ delay: 100, budget: mute, clock }).run(deaf))).rejects.toBe(error);
  });

  test("waits for a budget elsewhere; when the answer comes too late no hedge is made", async () => {
    const clock = virtualClock();
    const later = (ms: number): Budget => ({
      deposit: () => undefined,
      withdraw: () => clock.sleep(ms).then(() => true),
    });
    expect(await clock.run(hedge({ delay: 100, budget: later(20), clock }).run(service(clock, 500, 50).call))).toBe(2);
    expect(clock.nowMs()).toBe(170);
    const slow = service(clock, 150);
    const events = await observed(async () => {
      expect(await clock.run(hedge({ delay: 100, budget: later(100), clock }).run(slow.call))).toBe(1);
      await clock.runAll();
    });
    expect([slow.attempts.length, events]).toEqual([1, []]);
  });

  test("a hedge that the budget grants after a call has failed is not made, and its share is given back", async () => {
    const clock = virtualClock();
    const budget: Budget = { deposit: () => undefined, withdraw: () => clock.sleep(60).then(() => true) };
    const policy = hedge({ delay: 100, maxHedges: 2, maxExtraLoad: 0.001, budget, clock });
    // At 260 ms the second hedge is due; the first call fails while the budget thinks, and the first hedge answers later.
    const run = (): Promise<number> => {
      const { call, attempts } = service(clock, [300, new Error("no")], 400);
      return clock.run(policy.outcome(call)).then(() => attempts.length);
    };
    const calls: number[] = [];
    for (let index = 0; index < 12; index++) calls.push(await run());
    // Ten hedges are granted from the start: the second ones took none of them.
    expect(calls.slice(0, 10)).toEqual(Array(10).fill(2));
    expect(calls.slice(10)).toEqual([1, 1]);
  });

  test("a budget that throws grants nothing; one that cannot be told ends the run", async () => {
    const clock = virtualClock();
    const lost = new Error("lost");
    const throwing = (): never => {
      throw lost;
    };
    const deaf = hedge({ delay: 100, clock, budget: { deposit: () => undefined, withdraw: throwing } });
    expect(await clock.run(deaf.run(service(clock, 500).call))).toBe(1);
    const mute = hedge({ delay: 100, clock, budget: { deposit: throwing, withdraw: () => true } });
    await expect(clock.run(mute.run(service(clock, 10).call))).rejects.toBe(lost);
    expect(clock.pending).toBe(0);
  });
});

describe("a learned delay", () => {
  test("makes no hedge before enough calls were seen, and then at the percentile", async () => {
    const clock = virtualClock();
    const policy = hedge({ maxExtraLoad: 0.1, minimumCalls: 10, clock });
    for (let ms = 10; ms <= 100; ms += 10) {
      expect(policy.state()).toEqual({ delayMs: undefined });
      await clock.run(policy.run(service(clock, ms, 1).call));
    }
    expect(policy.state()).toEqual({ delayMs: 100 });
    const startedMs = clock.nowMs();
    expect(await clock.run(policy.run(service(clock, 900, 5).call))).toBe(2);
    expect(clock.nowMs() - startedMs).toBe(105);
  });

  test("is never shorter than minDelay", async () => {
    const policy = hedge({ minimumCalls: 1, minDelay: "20ms" });
    await policy.run(() => "at once");
    expect(policy.state().delayMs).toBe(20);
  });

  test("learns from a call that was cut after it, and from none that was cut before, nor from failures", async () => {
    const clock = virtualClock();
    const policy = hedge({ minimumCalls: 1, clock });
    await clock.run(policy.run(service(clock, 100).call));
    await clock.run(policy.outcome(hanging, { deadlineMs: clock.nowMs() + 50 }));
    await clock.run(policy.outcome(service(clock, [90, new Error("no")]).call));
    expect(policy.state().delayMs).toBe(100);
    await clock.run(policy.outcome(hanging, { deadlineMs: clock.nowMs() + 5000 }));
    expect(policy.state().delayMs).toBeGreaterThan(101);
  });

  test("uses the default clock of the moment where it was given none", async () => {
    const clock = virtualClock();
    using _ = withClock(clock);
    expect(await clock.run(hedge({ delay: 100 }).run(service(clock, 500, 50).call))).toBe(2);
  });
});

describe("options", () => {
  test.each([
    [{ maxExtraLoad: 0 }, "expected `maxExtraLoad` to be a number > 0 and < 1, got `0` (number)"],
    [{ maxExtraLoad: 1 }, "expected `maxExtraLoad` to be a number > 0 and < 1, got `1` (number)"],
    [{ maxExtraLoad: -1, delay: 1 }, "expected `maxExtraLoad` to be a number > 0, got `-1` (number)"],
    [{ maxHedges: 0 }, "expected `maxHedges` to be an integer >= 1"],
    [{ maxHedges: Number.POSITIVE_INFINITY }, "expected `maxHedges` to be an integer >= 1, got `Infinity`"],
    [{ minimumCalls: Number.POSITIVE_INFINITY }, "expected `minimumCalls` to be an integer >= 1, got `Infinity`"],
    [{ minDelay: -1 }, "expected `minDelay` to be a duration"],
    [{ minimumCalls: 0 }, "expected `minimumCalls` to be an integer >= 1"],
    [{ delay: -1 }, "expected `delay` to be a duration >= 0"],
    [{ minDelay: Number.POSITIVE_INFINITY }, "expected `minDelay` to be a duration < Infinity"],
    [{ delay: 1, minDelay: 1 }, "`delay` and `minDelay` exclude each other"],
    [{ budget: {} }, "expected `budget` to be a retry budget (with deposit and withdraw), got an object"],
    [{ discard: 5 }, "expected `discard` to be a function"],
    [{ maxExtraLod: 1 }, "hedge has no option `maxExtraLod`; did you mean `maxExtraLoad`?"],
  ])("%o is refused at construction", (options, message) => {
    expect(() => hedge(options as object)).toThrow(message);
  });
});
