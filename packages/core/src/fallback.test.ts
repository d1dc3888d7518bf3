import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  compose,
  DeadlineError,
  describe as describeLayers,
  fallback,
  observe,
  type PolicyEvent,
  retry,
  timeout,
} from "./index.js";
import { virtualClock, withClock } from "./testing.js";

const failing = (error: unknown) => (): Promise<never> => Promise.reject(error);
const hanging = (): Promise<never> => new Promise(() => undefined);

describe("fallback", () => {
  test("leaves a value alone, and answers a failure with the other value", async () => {
    const policy = fallback("other");
    expect(await policy.run(() => "mine")).toBe("mine");
    expect(await policy.run(failing(new Error("no")))).toBe("other");
  });

  test("a value may be `undefined` or `null`", async () => {
    expect(await fallback(undefined).run(failing(1))).toBeUndefined();
    expect(await fallback(null).run(failing(1))).toBeNull();
  });

  test("a function is handed the failure and may answer later", async () => {
    const clock = virtualClock();
    const error = new Error("no");
    const policy = fallback(async (failure) => failure, { clock });
    const operation = (): Promise<never> => clock.sleep(30).then(failing(error));
    expect(await clock.run(policy.run(operation))).toEqual({ kind: "error", error, attempt: 1, elapsedMs: 30 });
  });

  test("what the function throws is thrown, and is not answered again", async () => {
    const second = new Error("second");
    await expect(
      fallback(() => {
        throw second;
      }).run(failing(new Error("first"))),
    ).rejects.toBe(second);
  });

  test("answers only what `on` says", async () => {
    const range = new RangeError("mine");
    await expect(fallback("other", { on: URIError }).run(failing(range))).rejects.toBe(range);
    expect(await fallback("other", { on: [URIError, RangeError] }).run(failing(range))).toBe("other");
    expect(await fallback("other", { on: (error) => error === range }).run(failing(range))).toBe("other");
  });

  test("answers no abort", async () => {
    const abort = new DOMException("gone", "AbortError");
    await expect(fallback("other").run(failing(abort))).rejects.toBe(abort);
    await expect(fallback("other").run(() => 1, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
  });

  test("after the caller's abort, nothing more is called", async () => {
    let calls = 0;
    const controller = new AbortController();
    const policy = fallback(() => calls++);
    const running = policy.run(hanging, { signal: controller.signal });
    controller.abort("gone");
    await expect(running).rejects.toBe("gone");
    expect(calls).toBe(0);
  });

  test("the end of the time around it is final, also for the function", async () => {
    const clock = virtualClock();
    const policy = compose(timeout(100, { clock }), fallback(hanging, { clock }));
    await expect(clock.run(policy.run(failing(1)))).rejects.toThrow("within 100 ms");
    const running = fallback("other", { clock }).run(hanging, { deadlineMs: 150 });
    await expect(clock.run(running)).rejects.toBeInstanceOf(DeadlineError);
    expect([clock.nowMs(), clock.pending]).toEqual([150, 0]);
  });

  test("around a retry it turns giving up into a value", async () => {
    const clock = virtualClock();
    const policy = compose(
      fallback((failure) => [failure.error]),
      retry({ maxAttempts: 3, clock }),
    );
    const outcome = await clock.run(policy.outcome(failing("no")));
    expect(outcome).toMatchObject({ ok: true, value: ["no"], reason: "success", attempts: 3 });
  });

  test("leaves no timer and no listener", async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    await fallback("other", { clock }).run(failing("no"), { signal, deadlineMs: 1000 });
    expect([getEventListeners(signal, "abort").length, clock.pending]).toEqual([0, 0]);
  });

  test("tells that it answered", async () => {
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const clock = virtualClock();
    using _ = withClock(clock);
    await fallback("other", { name: "cache" }).run(failing("no"));
    stop();
    const failure = { kind: "error", error: "no", attempt: 1, elapsedMs: 0 };
    expect(events).toEqual([{ type: "fallback-used", name: "cache", failure }]);
  });

  test("describes itself in a sentence", () => {
    const layers = compose(
      fallback(1),
      fallback(() => 1, { on: Error }),
    );
    expect(String(describeLayers(layers))).toBe(
      "1. fallback answers any failure with a value.\n2. fallback answers certain failures with what a function finds.",
    );
    expect(describeLayers(layers).map(({ options }) => options)).toEqual([
      { kind: "value", on: false },
      { kind: "function", on: true },
    ]);
  });

  test.each([
    [{ on: 5 }, "expected `on` to be an error class"],
    [{ onn: Error }, "fallback has no option `onn`; did you mean `on`?"],
  ])("refuses %o at construction", (options, message) => {
    expect(() => fallback("other", options as object)).toThrow(message);
  });
});
