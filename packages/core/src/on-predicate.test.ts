import { describe, expect, test, vi } from "vitest";
import { recorded } from "../test/recorded.js";
import { constant, expo, type LogLevel, onPredicate, runtime } from "./index.js";
import { fail, forever, ok, scripted, scriptedSync, slow, virtualClock } from "./testing.js";

const kinds = [
  ["a synchronous function", scriptedSync],
  ["an async function", scripted],
] as const;

describe.each(kinds)("onPredicate around %s", (_, script) => {
  test("calls again while the result is falsy", async () => {
    const clock = virtualClock();
    const target = script<unknown>(...[null, undefined, false, 0, "", Number.NaN].map((value) => ok(value)), ok([]));
    expect(await clock.run(onPredicate(expo(), undefined, { clock })(target)())).toEqual([]);
    expect(target.calls.length).toBe(7);
  });

  test.each([
    ["a number", 3],
    ["a function", () => 3],
  ])("maxTries, as %s, is the number of calls; the last result is returned", async (_title, maxTries) => {
    const clock = virtualClock();
    const target = script(ok(1), ok(2), ok(3));
    const wrapped = onPredicate(expo(), (value) => Number(value) < 10, { maxTries, clock })(target);
    expect(await clock.run(wrapped())).toBe(3);
    expect(target.calls.length).toBe(3);
  });

  test("handlers hear exactly what happened, and nothing else", async () => {
    const clock = virtualClock();
    const record = recorded();
    const target = script(ok(false), ok(false), ok(true));
    const wrapped = onPredicate(expo(), undefined, { random: () => 0, clock, ...record.handlers })(target);
    await clock.run(wrapped(1, 2, 3));
    const always = { target, args: [1, 2, 3], self: undefined, elapsedMs: 0, waitedMs: 0 };
    expect(record.backoff).toEqual([1, 2].map((tries) => ({ ...always, tries, waitMs: 0, value: false })));
    expect(record.success).toEqual([{ ...always, tries: 3, value: true }]);
    expect(record.giveup).toEqual([]);
  });

  test("giving up is told with the last result, whatever the reason", async () => {
    const clock = virtualClock();
    const record = recorded();
    const options = { clock, jitter: null, ...record.handlers };
    await clock.run(onPredicate(expo(), undefined, { ...options, maxTries: 3 })(script(forever(ok(null))))());
    await clock.run(onPredicate(constant([1]), undefined, options)(script(forever(ok(0))))());
    expect(record.giveup.map(({ tries, value, reason }) => [tries, value, reason])).toEqual([
      [3, null, "max-attempts"],
      [2, 0, "schedule-exhausted"],
    ]);
    for (const details of record.giveup) expect(details).not.toHaveProperty("waitMs");
  });

  test("several handlers for each event, in any iterable", async () => {
    const clock = virtualClock();
    const records = [recorded(), recorded(), recorded()];
    const handlers = {
      onSuccess: records.map((record) => record.handlers.onSuccess).values(),
      onBackoff: new Set(records.map((record) => record.handlers.onBackoff)),
      onGiveup: records.map((record) => record.handlers.onGiveup),
    };
    await clock.run(onPredicate(expo(), undefined, { maxTries: 3, clock, ...handlers })(script(forever(ok(0))))());
    for (const { success, backoff, giveup } of records)
      expect([success.length, backoff.length, giveup.length]).toEqual([0, 2, 1]);
  });

  test("a list of waits is used once, in order, and then the last result is returned", async () => {
    const clock = virtualClock();
    const record = recorded();
    const wrapped = onPredicate(constant([1, 2, 3, 6, 9]), undefined, { jitter: null, clock, ...record.handlers });
    expect(await clock.run(wrapped(script(forever(ok(""))))())).toBe("");
    expect(record.backoff.map((details) => details.waitMs)).toEqual([1, 2, 3, 6, 9]);
    expect(record.giveup.length).toBe(1);
  });

  test("runtime sees the result", async () => {
    const clock = virtualClock();
    const record = recorded();
    const answers = [1, 3, 7].map((seconds) => ok({ status: 429, seconds }));
    const schedule = runtime(({ value }) => (value as { seconds: number }).seconds * 1000);
    const wrapped = onPredicate(schedule, (answer: { status: number }) => answer.status === 429, {
      clock,
      ...record.handlers,
    });
    await clock.run(wrapped(script(...answers, ok({ status: 200, seconds: 0 })))());
    expect(record.backoff.map((details) => details.waitMs)).toEqual([1000, 3000, 7000]);
  });

  test("an async predicate is awaited", async () => {
    const clock = virtualClock();
    const predicate = async (value: unknown): Promise<boolean> => value !== "done";
    expect(await clock.run(onPredicate(expo(), predicate, { clock })(script(ok("a"), ok("done")))())).toBe("done");
  });

  test("errors of the function and of the predicate pass through, with no handler called", async () => {
    const clock = virtualClock();
    const record = recorded();
    const error = new Error("mine");
    const predicate = (): never => {
      throw new RangeError("in the predicate");
    };
    await expect(onPredicate(expo(), undefined, { clock, ...record.handlers })(script(fail(error)))()).rejects.toBe(
      error,
    );
    await expect(onPredicate(expo(), predicate, { clock, ...record.handlers })(script(ok(1)))()).rejects.toThrow(
      "in the predicate",
    );
    expect([record.success, record.backoff, record.giveup]).toEqual([[], [], []]);
  });

  test("inside a catch block the line tells of the result, not of the error around it", async () => {
    const clock = virtualClock();
    const said: [LogLevel, string][] = [];
    const logger = {
      info: (line: string) => said.push(["info", line]),
      error: (line: string) => said.push(["error", line]),
    };
    const target = Object.defineProperty(script(forever(ok(0))), "name", { value: "poll" });
    try {
      throw new Error("outer");
    } catch {
      await clock.run(onPredicate(expo(), undefined, { maxTries: 2, jitter: null, clock, logger })(target)());
    }
    expect(said).toEqual([
      ["info", "Backing off poll(...) for 1.0s (result not accepted)"],
      ["error", "Giving up poll(...) after 2 tries (result not accepted)"],
    ]);
  });
});

test.each([
  ["a duration", "10s" as const],
  ["a function", () => 10_000],
])("maxTime, as %s, gives up at the first call that ends after it", async (_title, maxTime) => {
  const clock = virtualClock();
  const record = recorded();
  // They end at 1, 9 and 10.000005 seconds.
  const target = scripted(...[1000, 8000, 1000.005].map((ms) => slow(ms, ok(false), clock)));
  const wrapped = onPredicate(constant(0), undefined, { maxTime, jitter: null, clock, ...record.handlers })(target);
  expect(await clock.run(wrapped())).toBe(false);
  expect(record.giveup).toEqual([
    expect.objectContaining({ tries: 3, elapsedMs: 10_000.005, value: false, reason: "max-time" }),
  ]);
});

test("the deadline of onPredicate throws, for there is no result to return", async () => {
  const clock = virtualClock();
  const hanging = vi.fn(() => new Promise<number>(() => undefined));
  const wrapped = onPredicate(expo(), undefined, { deadline: "1s", clock })(hanging);
  await expect(clock.run(wrapped())).rejects.toMatchObject({ code: "BIDE_DEADLINE" });
});
