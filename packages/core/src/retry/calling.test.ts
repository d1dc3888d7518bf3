import { describe, expect, test } from "vitest";
import { circuitBreaker, compose, type RetryOptions, retry } from "../index.js";
import { fail, scripted, virtualClock } from "../testing.js";

const broken = new Error("broken");

describe("the caller's frame is in the stack of an error thrown at once", () => {
  const always: RetryOptions = { jitter: null, attemptTimeout: "1h" };
  const stopping: RetryOptions = {
    jitter: null,
    maxAttempts: 9,
    on: (_, { number }) => (number === 2 ? "stop" : true),
  };
  test.each<[which: string, options: RetryOptions]>([
    ["of the last attempt by its number", { ...always, schedule: () => [0, 0].values(), maxAttempts: 2 }],
    ["of the last attempt that a list has a wait for", { ...always, schedule: [0, 0] }],
    ["after a wait", { ...stopping, schedule: [1, 1, 1] }],
    ["after `beforeRetry`", { ...stopping, schedule: [0, 0, 0], beforeRetry: () => undefined }],
    [
      "after a `beforeRetry` that was waited for",
      { ...stopping, schedule: [0, 0, 0], beforeRetry: async () => undefined },
    ],
  ])("%s", async (_, options) => {
    const clock = virtualClock();
    const theOperation = (): never => {
      throw new Error("at once");
    };
    async function theCaller(): Promise<void> {
      await retry(theOperation, { ...options, clock });
    }
    const error: unknown = await clock.run(theCaller()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ stack: expect.stringMatching(/theOperation[\s\S]*theCaller/) });
  });
});

test.each<[title: string, options: RetryOptions]>([
  ["with no bound", {}],
  ["that is the only one", { maxAttempts: 1 }],
  ["with a time of its own", { attemptTimeout: "1s" }],
  ["under a deadline", { deadline: "1s" }],
])("the first attempt is made in the turn of the caller: one %s", async (_, options) => {
  let isMade = false;
  const running = retry({ ...options, clock: virtualClock() }).run(() => {
    isMade = true;
  });
  expect(isMade).toBe(true);
  await running;
});

test("an attempt with a time of its own that throws at once has failed like any other", async () => {
  const clock = virtualClock();
  const operation = (): never => {
    throw broken;
  };
  const outcome = await clock.run(retry({ attemptTimeout: "1s", maxAttempts: 2, clock }).outcome(operation));
  expect(outcome).toMatchObject({ error: broken, attempts: 2 });
  expect(clock.pending).toBe(0);
});

test("an attempt that a policy inside refuses is one, though nothing was called", async () => {
  const breaker = circuitBreaker();
  await breaker.open();
  const operation = scripted(fail());
  const policy = compose(retry({ maxAttempts: 1 }), breaker);
  expect(await policy.outcome(operation)).toMatchObject({ ok: false, attempts: 1 });
  expect(operation.calls.length).toBe(0);
});
