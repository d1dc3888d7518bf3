import { describe, expect, test } from "vitest";
import { compose, fallback, hedge, type Policy, retry, timeout } from "./index.js";
import { fail, forever, scripted, virtualClock } from "./testing.js";

describe("the signal of a layer ends all of a composition, whatever its reason", () => {
  const clock = virtualClock();
  const pace = { schedule: [10, 10], jitter: null, clock } as const;
  test.each<[title: string, around: (inner: Policy) => Policy<unknown, unknown>]>([
    ["a retry", (inner) => compose(retry(pace), inner)],
    [
      "a fallback",
      (inner) =>
        compose(
          fallback(() => "other"),
          inner,
        ),
    ],
    ["a time-out, and a retry around that", (inner) => compose(retry(pace), timeout("1h", { clock }), inner)],
    [
      "a composition in a composition",
      (inner) => compose(retry(pace), compose(hedge({ maxExtraLoad: 0.1, clock }), inner)),
    ],
  ])("with %s around it", async (_, around) => {
    for (const givenOne of [false, true]) {
      const controller = new AbortController();
      const operation = scripted(forever(fail()));
      const policy = around(retry({ ...pace, signal: controller.signal }));
      const ending = policy.outcome(operation, givenOne ? { signal: new AbortController().signal } : undefined);
      await clock.advance(5);
      controller.abort("enough");
      expect(await clock.run(ending)).toMatchObject({ ok: false, error: "enough", reason: "aborted" });
      expect([operation.calls.length, clock.pending]).toEqual([1, 0]);
    }
  });

  test("and before it has begun: nothing is called", async () => {
    const policy = compose(retry(pace), retry({ ...pace, signal: AbortSignal.abort("gone") }));
    const operation = scripted(fail());
    await expect(policy.run(operation)).rejects.toBe("gone");
    expect(operation.calls.length).toBe(0);
  });

  test("and what is run under an attempt keeps that attempt's deadline", async () => {
    const policy = compose(
      fallback(() => "other"),
      retry({ ...pace, signal: new AbortController().signal }),
    );
    const inside = retry({ deadline: "1m", clock }).run((attempt) =>
      policy.run(({ deadlineMs }) => deadlineMs, attempt),
    );
    expect(await inside).toBe(clock.nowMs() + 60_000);
  });

  test("within a run around it, whose attempt it goes on from", async () => {
    const controller = new AbortController();
    const policy = compose(timeout("1h", { clock }), retry({ ...pace, signal: controller.signal }));
    const operation = scripted(forever(fail()));
    const ending = retry({ maxAttempts: 1, clock }).outcome((attempt) => policy.run(operation, attempt));
    await clock.advance(5);
    controller.abort("enough");
    expect(await clock.run(ending)).toMatchObject({ error: "enough" });
    expect(operation.calls.length).toBe(1);
  });
});
