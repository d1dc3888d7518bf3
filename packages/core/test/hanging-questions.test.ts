import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type Budget,
  circuitBreaker,
  compose,
  concurrencyLimit,
  onException,
  type Policy,
  retry,
} from "../src/index.js";
import { fail, forever, ok, scripted, type VirtualClock, virtualClock } from "../src/testing.js";

const never = (): Promise<never> => new Promise(() => undefined);
const budget: Budget = { deposit: () => undefined, withdraw: never };

/** What a run may ask between two attempts, and wait for; each of these never answers. */
const QUESTIONS: readonly (readonly [string, (clock: VirtualClock, deadline?: number) => Policy<unknown, unknown>])[] =
  [
    ["a verdict", (clock, deadline) => retry({ clock, deadline, on: never })],
    ["a budget", (clock, deadline) => retry({ clock, deadline, budget })],
    ["a handler", (clock, deadline) => onException([10], Error, { clock, deadline, onBackoff: never })],
  ];

describe.each(QUESTIONS)("%s that never answers", (_, policyOf) => {
  test("is not waited for after an abort, which ends the run with its reason", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const { signal } = controller;
    const work = scripted(forever(fail()));
    const running = policyOf(clock).outcome(work, { signal });
    await clock.advance(10);
    controller.abort("enough");
    expect(await running).toMatchObject({ reason: "aborted", error: "enough", attempts: 1 });
    expect([clock.pending, getEventListeners(signal, "abort").length, work.calls.length]).toEqual([0, 0, 1]);
  });

  test("is waited for until the deadline, which ends the run with the operation's own error", async () => {
    const clock = virtualClock();
    const error = new Error("the last one");
    const { signal } = new AbortController();
    const outcome = await clock.run(policyOf(clock, 1000).outcome(scripted(fail(error)), { signal }));
    expect(outcome).toMatchObject({ reason: "deadline", attempts: 1, elapsedMs: 1000 });
    expect(!outcome.ok && outcome.error).toBe(error);
    expect([clock.pending, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  });
});

test("a run that raises nothing at its end raises nothing at the deadline either", async () => {
  const clock = virtualClock();
  const options = { clock, deadline: "1s", onBackoff: never, raiseOnGiveup: false } as const;
  expect(await clock.run(onException([10], Error, options).run(scripted(fail())))).toBeUndefined();
});

test("who judges a result, or is asked before the next attempt, is waited for under a deadline as well", async () => {
  const clock = virtualClock();
  const later = (): Promise<void> => clock.sleep(50);
  const policy = retry({
    clock,
    deadline: "1s",
    schedule: [0],
    until: (value: number) => later().then(() => value === 2),
    beforeRetry: later,
  });
  expect([await clock.run(policy.run(scripted(ok(1), ok(2)))), clock.nowMs(), clock.pending]).toEqual([2, 150, 0]);
});

test("an answer that comes after the end of the run changes nothing", async () => {
  const clock = virtualClock();
  const late = async (): Promise<boolean> => {
    await clock.sleep(5000);
    return true;
  };
  const work = scripted(fail());
  const outcome = await clock.run(retry({ clock, on: late, deadline: "1s" }).outcome(work));
  await clock.runAll();
  expect([outcome.reason, work.calls.length]).toEqual(["deadline", 1]);
});

test("an answer in time leaves neither timer nor listener", async () => {
  const clock = virtualClock();
  const { signal } = new AbortController();
  const policy = retry({ clock, on: async () => false, deadline: "1s" });
  await expect(clock.run(policy.run(scripted(fail(new Error("wrong"))), { signal }))).rejects.toThrow("wrong");
  expect([clock.pending, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
});

test("handlers of giving up are waited for: the run is over, and only they are left", async () => {
  const clock = virtualClock();
  const told: number[] = [];
  const onGiveup = async (): Promise<void> => {
    await clock.sleep(5000);
    told.push(clock.nowMs());
  };
  const policy = onException([10], Error, { clock, maxTries: 1, deadline: "1s", onGiveup });
  await expect(clock.run(policy.run(scripted(fail(new Error("wrong")))))).rejects.toThrow("wrong");
  expect(told).toEqual([5000]);
});

test("a block whose body takes longer than the deadline ends with its last failure", async () => {
  const clock = virtualClock();
  const loop = async (): Promise<void> => {
    for await (const attempt of retry.attempts({ clock, deadline: "1s" })) {
      await attempt.try(scripted(fail(new Error("the last one"))));
      await clock.sleep(5000);
    }
  };
  await expect(clock.run(loop())).rejects.toThrow("the last one");
  expect(clock.pending).toBe(0);
});

describe.each([
  ["a handler of the last failure", forever(fail()), { onGiveup: never, maxTries: 1 }],
  ["a handler of the success", forever(ok("answer")), { onSuccess: never }],
] as const)("%s inside another policy", (_, script, handlers) => {
  test("is waited for no longer than the policies around it may last", async () => {
    const clock = virtualClock();
    const inner = onException([10], Error, { ...handlers, clock });
    const operation = scripted(script);
    for (const outer of [
      compose(retry({ clock, deadline: 100 }), inner),
      compose(retry({ clock, deadline: 100 }), circuitBreaker({ clock }), concurrencyLimit({ limit: 1, clock }), inner),
      compose(onException([10], Error, { clock, deadline: "100ms" }), inner),
    ]) {
      const startedMs = clock.nowMs();
      expect(await clock.run(outer.outcome(operation))).toMatchObject({ reason: "deadline" });
      expect([clock.nowMs() - startedMs, clock.pending]).toEqual([100, 0]);
    }
  });
});
