import { describe, expect, test } from "vitest";
import { type RetryOptions, retry } from "../index.js";
import { fail, forever, ok, recorder, scripted, slow, virtualClock } from "../testing.js";

const broken = (where: string) => (): never => {
  throw new RangeError(`in ${where}`);
};

describe("hooks only look on", () => {
  test("what they throw or reject is an event, and changes nothing", async () => {
    const clock = virtualClock();
    using record = recorder({ name: "hooks" });
    const rejecting = async (): Promise<never> => broken("a hook")();
    const hooks = {
      onAttempt: broken("onAttempt"),
      onRetry: rejecting,
      onSuccess: rejecting,
      onGiveUp: broken("onGiveUp"),
    };
    const policy = retry({ ...hooks, schedule: [1], name: "hooks", clock });
    expect(await clock.run(policy.run(scripted(fail(), ok("x"))))).toBe("x");
    await clock.run(Promise.allSettled([policy.run(scripted(forever(fail())))]));
    const failed = record.events.flatMap((event) => (event.type === "hook-failed" ? event.hook : []));
    expect(failed.sort()).toEqual([
      "onAttempt",
      "onAttempt",
      "onAttempt",
      "onAttempt",
      "onGiveUp",
      "onRetry",
      "onRetry",
      "onSuccess",
    ]);
  });

  test("are told what they need, in order", async () => {
    const clock = virtualClock();
    const told: unknown[] = [];
    const policy = retry({
      schedule: [250],
      jitter: null,
      clock,
      onAttempt: ({ number }) => told.push(["attempt", number]),
      onRetry: (failure, { delayMs }) => told.push(["retry", failure.attempt, delayMs]),
      onSuccess: (value, { attempts, elapsedMs }) => told.push(["success", value, attempts, elapsedMs]),
      onGiveUp: (failure, { reason, attempts }) => told.push(["give up", failure?.attempt, reason, attempts]),
    });
    await clock.run(policy.run(scripted(fail(), ok("x"))));
    await clock.run(Promise.allSettled([policy.run(scripted(forever(fail())))]));
    expect(told).toEqual([
      ["attempt", 1],
      ["retry", 1, 250],
      ["attempt", 2],
      ["success", "x", 2, 250],
      ["attempt", 1],
      ["retry", 1, 250],
      ["attempt", 2],
      ["give up", 2, "schedule-exhausted", 2],
    ]);
  });

  test("a wrapped function that nobody watches behaves as one that somebody does", async () => {
    const behaviour = async (options: RetryOptions): Promise<unknown> => {
      const clock = virtualClock();
      const target = scripted(slow("2s", fail(), clock), slow("2s", fail(), clock), ok("x"));
      const wrapped = retry({ maxTime: "6s", jitter: null, schedule: [1000, 3000], clock, ...options })(target);
      return [await clock.run(wrapped("a")), target.calls, clock.nowMs()];
    };
    expect(await behaviour({ maxTime: Number.POSITIVE_INFINITY })).toEqual(["x", [["a"], ["a"], ["a"]], 8000]);
    const quick = await behaviour({});
    expect(quick).toEqual(["x", [["a"], ["a"], ["a"]], 6000]);
    expect(await behaviour({ onSuccess: () => undefined })).toEqual(quick);
    expect(await behaviour({ deadline: "1h" })).toEqual(quick);
    using _ = recorder();
    expect(await behaviour({})).toEqual(quick);
  });
});
