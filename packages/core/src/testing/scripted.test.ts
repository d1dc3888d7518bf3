import { expect, test } from "vitest";
import { retry } from "../index.js";
import {
  fail,
  forever,
  hang,
  ok,
  recorder,
  ScriptEndedError,
  scripted,
  scriptedSync,
  slow,
  virtualClock,
  withClock,
} from "../testing.js";

test("a scripted operation does what its steps say, and keeps what it was called with", async () => {
  const error = new RangeError("mine");
  const operation = scripted(fail(error), fail(), ok("x"), ok());
  await expect(operation(1, "a")).rejects.toBe(error);
  await expect(operation()).rejects.toMatchObject({ message: "scripted failure" });
  expect([await operation(2), await operation()]).toEqual(["x", undefined]);
  expect(operation.calls).toEqual([[1, "a"], [], [2], []]);
});

test("rejects with undefined when told so", async () => {
  await expect(scripted(fail(undefined))()).rejects.toBeUndefined();
});

test("a call beyond the script rejects and says so", async () => {
  const operation = scripted(ok(1));
  await operation();
  await expect(operation()).rejects.toMatchObject({
    name: "ScriptEndedError",
    code: "BIDE_SCRIPT_ENDED",
    steps: 1,
    message: "call 2 of a script of 1",
  });
  await expect(scripted()()).rejects.toThrow("call 1 of a script of 0");
});

test("forever repeats the last step", async () => {
  const operation = scripted(fail(), forever(ok(7)));
  await expect(operation()).rejects.toThrow();
  expect([await operation(), await operation(), await operation()]).toEqual([7, 7, 7]);
  const beyond = scripted(forever(ok(1)));
  for (let call = 1; call <= 3; call++) expect(await beyond()).toBe(1);
  expect(() => scripted(forever(ok(1)), ok(2))).toThrow("expected `steps` to be `forever` only at the end");
  const message = "expected `steps` to be made by `ok`, `fail`, `hang`, `slow` or `forever`, got `5` (number)";
  expect(() => scripted(ok(1), 5 as never)).toThrow(message);
  expect(() => scripted(undefined as never)).toThrow("got `undefined`");
});

test("a slow step takes time on its clock, and heeds its attempt's signal", async () => {
  const clock = virtualClock();
  const operation = scripted(slow("50s", ok("late")), slow("3s", ok("in time"), clock));
  using _ = withClock(clock);
  const policy = retry({ attemptTimeout: "4s", schedule: [1000], jitter: null });
  expect(await clock.run(policy.run(operation))).toBe("in time");
  expect([clock.nowMs(), clock.pending]).toEqual([8000, 0]);
});

test.each([undefined, null, "signal", {}, { signal: "none" }])(
  "a slow step takes its time when it is handed %o",
  async (first) => {
    const clock = virtualClock();
    const error = new Error("late");
    await expect(clock.run(scripted(slow("5s", fail(error), clock))(first))).rejects.toBe(error);
    expect(clock.nowMs()).toBe(5000);
    expect(() => slow("soon" as never, ok())).toThrow("expected `duration` to be a duration");
  },
);

test("a hanging step never settles", async () => {
  const clock = virtualClock();
  await expect(clock.run(scripted(hang())())).rejects.toThrow("the promise waits for something");
});

test("the synchronous script returns and throws at once", () => {
  const operation = scriptedSync(fail(new Error("no")), ok(1));
  expect(() => operation("a")).toThrow("no");
  expect([operation(), operation.calls]).toEqual([1, [["a"], []]]);
  expect(operation).toThrow(ScriptEndedError);
  expect(() => scriptedSync(hang())).toThrow("expected `steps` to be `ok` or `fail`");
  expect(() => scriptedSync(slow(1, ok()))).toThrow("expected `steps` to be `ok` or `fail`");
});

test("a recorder keeps every event in order, of one name where it is given one", async () => {
  const clock = virtualClock();
  using all = recorder();
  using some = recorder({ name: "billing" });
  const options = { clock, jitter: null, schedule: [250] } as const;
  await clock.run(retry({ ...options, name: "billing" }).run(scripted(fail(), ok(1))));
  await clock.run(retry({ ...options, name: "search" }).run(scripted(ok(1))));
  const retried = ["attempt-started", "attempt-failed", "retry-scheduled", "attempt-started", "run-succeeded"];
  expect(some.types).toEqual(retried);
  expect(all.types).toEqual([...retried, "attempt-started", "run-succeeded"]);
  expect(some.events[2]).toMatchObject({ type: "retry-scheduled", attempt: 1, delayMs: 250, elapsedMs: 0 });
});

test("a recorder can forget, and stop", async () => {
  const record = recorder();
  await retry({ name: "a" }).run(scripted(ok(1)));
  record.clear();
  expect(record.events).toEqual([]);
  record.stop();
  await retry({ name: "b" }).run(scripted(ok(1)));
  expect(record.types).toEqual([]);
});
