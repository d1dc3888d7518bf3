import { describe, expect, test } from "vitest";
import { compose, DeadlineError, fallback, type RunOptions, retry, timeout } from "./index.js";
import { virtualClock } from "./testing.js";

const failing = (error: unknown) => (): Promise<never> => Promise.reject(error);
const hanging = (): Promise<never> => new Promise(() => undefined);

describe("the outcome of a policy that does not retry", () => {
  const ended = async (operation: () => Promise<never>, options?: RunOptions): Promise<unknown> => {
    const clock = virtualClock();
    return clock.run(fallback("other", { on: RangeError, clock }).outcome(operation, options));
  };

  test("is not to be retried where the call failed", async () => {
    const way = { ok: false, attempts: 1, waitsMs: [], elapsedMs: 0 };
    expect(await ended(failing("no"))).toStrictEqual({ ...way, error: "no", reason: "not-retryable" });
    const { signal } = new AbortController();
    expect(await ended(failing("no"), { signal })).toStrictEqual({ ...way, error: "no", reason: "not-retryable" });
  });

  test("is an abort where the caller's signal has aborted", async () => {
    const way = { ok: false, attempts: 0, waitsMs: [], elapsedMs: 0 };
    const options = { signal: AbortSignal.abort("gone") };
    expect(await ended(hanging, options)).toStrictEqual({ ...way, error: "gone", reason: "aborted" });
  });

  test("is a deadline where that has cut the call", async () => {
    expect(await ended(hanging, { deadlineMs: 30 })).toMatchObject({ reason: "deadline", attempts: 1, elapsedMs: 30 });
  });

  test("is a deadline where a time-out has cut the call, or a retry inside it", async () => {
    const clock = virtualClock();
    const bounded = timeout("1s", { clock });
    for (const policy of [bounded, compose(bounded, retry({ clock }))])
      expect(await clock.run(policy.outcome(hanging))).toMatchObject({
        reason: "deadline",
        attempts: 1,
        elapsedMs: 1000,
      });
    const tried = await clock.run(compose(retry({ clock, schedule: [5] }), bounded).outcome(hanging));
    expect(tried).toMatchObject({ reason: "schedule-exhausted", attempts: 2 });
  });

  test("is an abort where the caller's signal says so, whatever its reason is", async () => {
    const clock = virtualClock();
    const options = { signal: AbortSignal.abort(new DeadlineError(5, 1)) };
    for (const policy of [timeout("1s", { clock }), retry({ clock }), retry({ ...options, clock })])
      expect(await policy.outcome(hanging, options)).toMatchObject({ reason: "aborted", attempts: 0 });
    const own = retry({ signal: AbortSignal.abort("gone"), clock });
    expect(await own.outcome(hanging)).toMatchObject({ reason: "aborted", error: "gone" });
  });

  test("is an abort where that came while a fallback sought an answer to what a retry had given up", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const policy = compose(fallback(hanging, { clock }), retry({ clock, maxAttempts: 1 }));
    const running = policy.outcome(failing("no"), { signal: controller.signal });
    await clock.advance(5);
    controller.abort("gone");
    expect(await running).toMatchObject({ reason: "aborted", error: "gone", attempts: 1 });
  });

  test("a value's way counts the call and the time that it took", async () => {
    const clock = virtualClock();
    const outcome = await clock.run(timeout("1s", { clock }).outcome(() => clock.sleep(30).then(() => "answer")));
    const way = { attempts: 1, waitsMs: [], elapsedMs: 30 };
    expect(outcome).toStrictEqual({ ok: true, value: "answer", reason: "success", ...way });
  });
});

test("the outcome of a retry names a server's wait only where that ended the run", async () => {
  const clock = virtualClock();
  const policy = retry({ clock, maxAttempts: 1, maxTime: "1s" });
  expect(await clock.run(policy.outcome(failing("no")))).toStrictEqual({
    ok: false,
    error: "no",
    reason: "max-attempts",
    attempts: 1,
    waitsMs: [],
    elapsedMs: 0,
    failure: { kind: "error", error: "no", attempt: 1, elapsedMs: 0 },
  });
  const later = Object.assign(new Error("later"), { retryAfterMs: 5000 });
  expect(await clock.run(policy.with({ maxAttempts: 2 }).outcome(failing(later)))).toMatchObject({
    reason: "hint-exceeds-deadline",
    retryAfterMs: 5000,
  });
});
