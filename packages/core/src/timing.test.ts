import { expect, test } from "vitest";
import { type Clock, compose, DeadlineError, retry, timeout } from "./index.js";
import { recorder, virtualClock } from "./testing.js";

test("a call does not begin when the time of the attempt around it is over, though nobody has had a turn to cut it", async () => {
  let [calls, nowMs] = [0, 0];
  // Time goes by while the operation holds the thread.
  const busy: Clock = {
    nowMs: () => nowMs,
    wallNowMs: () => nowMs,
    sleep: () => Promise.resolve(),
    timer: () => () => undefined,
  };
  const error = await retry(
    async (attempt) => {
      nowMs = 100;
      await timeout("1s", { clock: busy }).run(() => calls++, attempt);
    },
    { deadline: 100, clock: busy, on: () => false },
  ).catch((reason: unknown) => reason);
  expect([error, calls]).toEqual([expect.any(DeadlineError), 0]);
});

const hanging = (): Promise<never> => new Promise(() => undefined);

test.each(["1s", 100] as const)(
  "a call of %s under a deadline that is no later is cut by that one, and no event says that it took too long",
  async (duration) => {
    const clock = virtualClock();
    const { events, stop } = recorder();
    const running = retry((attempt) => timeout(duration, { clock }).run(hanging, attempt), { deadline: 100, clock });
    await expect(clock.run(running)).rejects.toBeInstanceOf(DeadlineError);
    stop();
    expect([clock.nowMs(), clock.pending]).toEqual([100, 0]);
    expect(events.map(({ type }) => type)).not.toContain("call-timed-out");
  },
);

test("a call that outlives the run around it is cut at the end of that run's time all the same", async () => {
  const clock = virtualClock();
  let left: Promise<unknown> | undefined;
  await retry(
    (attempt) => {
      left = timeout("1s", { clock })
        .run(hanging, attempt)
        .catch((reason: unknown) => reason);
    },
    { deadline: 100, clock },
  );
  const error = await clock.run(left as Promise<unknown>);
  expect(error).toBeInstanceOf(DeadlineError);
  expect([(error as DeadlineError).elapsedMs, clock.nowMs(), clock.pending]).toEqual([100, 100, 0]);
});

test("a budget that is shared across a time-out is told of each call once", async () => {
  const clock = virtualClock();
  const told: string[] = [];
  const budget = { deposit: () => told.push("deposit"), withdraw: () => true };
  const policy = compose(retry({ budget, clock }), timeout("1s", { clock }), retry({ budget, clock }));
  await clock.run(policy.run(() => "answer"));
  expect(told).toEqual(["deposit"]);
});
