import { describe, expect, test, vi } from "vitest";
import { type RetryOptions, retry } from "../index.js";
import { fail, hang, ok, scripted, slow, virtualClock } from "../testing.js";

describe("a wrapped function", () => {
  test("is cut by its time, or by the deadline", async () => {
    const clock = virtualClock();
    const timed = retry({ attemptTimeout: 10, schedule: [5], jitter: null, clock })(scripted(hang(), ok("x")));
    expect(await clock.run(timed())).toBe("x");
    const bounded = retry({ deadline: 10, clock })(scripted(hang()));
    await expect(clock.run(bounded())).rejects.toMatchObject({ code: "BIDE_DEADLINE" });
  });

  test("has its results judged", async () => {
    const clock = virtualClock();
    const wrapped = retry({ until: (value: number) => value === 2, schedule: [1], clock })(scripted(ok(1), ok(2)));
    expect(await clock.run(wrapped())).toBe(2);
  });

  test("that throws at once is called again like one that rejects", async () => {
    const clock = virtualClock();
    let calls = 0;
    const wrapped = retry({ schedule: [1], clock })((word: string) => {
      if (++calls === 1) throw new Error("once");
      return word;
    });
    expect([await clock.run(wrapped("x")), calls]).toEqual(["x", 2]);
  });

  test("that is called with nothing is called with nothing again", async () => {
    const clock = virtualClock();
    const target = scripted(fail(), ok("x"));
    await clock.run(retry({ schedule: [1], clock })(target)());
    expect(target.calls).toEqual([[], []]);
  });
});

describe("the time of a wrapped function's first attempt", () => {
  const seen: number[] = [];
  const look = ({ elapsedMs }: { readonly elapsedMs: number }): void => void seen.push(elapsedMs);
  test.each<[title: string, options: RetryOptions]>([
    ["what is retried", { on: (_, attempt) => look(attempt) ?? true }],
    ["what a rule is for", { on: Error, rules: [{ on: (_, attempt) => look(attempt) ?? false }] }],
    ["the waits", { schedule: (first) => [look(first) ?? 1].values() }],
    ["a rule's waits", { rules: [{ on: Error, schedule: (first) => [look(first) ?? 1].values() }] }],
    ["the server's wait", { retryAfter: (failure) => look(failure) ?? 1 }],
    ["a hook", { onRetry: look }],
  ])("is known to a function that decides, or looks on: %s", async (_, options) => {
    const clock = virtualClock();
    const wrapped = retry({ schedule: [1], maxTime: Number.POSITIVE_INFINITY, clock, ...options })(
      scripted(slow("30ms", fail(new Error("no")), clock), ok("x")),
    );
    expect(await clock.run(wrapped())).toBe("x");
    expect(seen.splice(0)).toEqual([30]);
  });

  test("is known to waits that hear of failures", async () => {
    const clock = virtualClock();
    const waits = {
      *[Symbol.iterator](): Generator<number, void, { readonly elapsedMs: number }> {
        look(yield 10);
        yield 10;
      },
    };
    const failing = (): ReturnType<typeof fail> => fail(new Error("no"));
    const wrapped = retry({ schedule: waits, jitter: null, maxTime: Number.POSITIVE_INFINITY, clock })(
      scripted<unknown>(slow("30ms", failing(), clock), failing(), ok("x")),
    );
    expect(await clock.run(wrapped())).toBe("x");
    expect(seen.splice(0)).toEqual([40]);
  });

  test.each<[title: string, options: RetryOptions]>([
    ["nothing", {}],
    ["a class", { on: RangeError }],
    ["classes, and a rule of one", { on: [RangeError, TypeError], rules: [{ on: URIError, maxAttempts: 2 }] }],
  ])("costs no look at the clock where nobody may see it: %s", async (_, options) => {
    const clock = virtualClock();
    const look = vi.spyOn(clock, "nowMs");
    const policy = retry({ ...options, maxTime: Number.POSITIVE_INFINITY, clock });
    expect(await policy(async () => "x")()).toBe("x");
    expect(look).not.toHaveBeenCalled();
  });
});
