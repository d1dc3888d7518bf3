import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { compose, observe, retry, timeout } from "../index.js";
import { fail, forever, scripted, virtualClock } from "../testing.js";

describe("what a success brings about", () => {
  const broken = new Error("budget down");
  const budget = {
    deposit: () => {
      throw broken;
    },
    withdraw: () => true,
  };

  test.each([
    ["a retry", retry({ budget })],
    ["a retry around another policy", compose(retry({ budget }), timeout("1s"))],
    ["a retry that judges results", retry({ budget, until: () => true })],
  ])("is final under %s: what it throws is no failure of the attempt", async (_, policy) => {
    let calls = 0;
    await expect(policy.run(() => ++calls)).rejects.toBe(broken);
    expect(calls).toBe(1);
  });

  test("leaves no listener and no timer behind, also under another policy", async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    for (const policy of [
      retry({ deadline: "1s", clock }),
      compose(retry({ deadline: "1s", clock }), timeout("1m", { clock })),
    ])
      await policy.run(() => 1, { signal });
    expect([clock.pending, getEventListeners(signal, "abort")]).toEqual([0, []]);
  });
});

describe("a run whose hook aborts it while it is asked", () => {
  const ways: readonly [how: string, answer: () => unknown][] = [
    ["and answers at once", () => undefined],
    ["and answers later", async () => undefined],
    [
      "and throws",
      () => {
        throw new Error("hook");
      },
    ],
    ["and rejects", () => Promise.reject(new Error("hook"))],
  ];

  test.each(ways)("calls nothing more after `beforeRetry`, and ends once: %s", async (_, answer) => {
    const clock = virtualClock();
    const controller = new AbortController();
    const onGiveUp = vi.fn();
    const operation = scripted(forever(fail()));
    const beforeRetry = (): unknown => {
      controller.abort("enough");
      return answer();
    };
    const policy = retry({ clock, beforeRetry, onGiveUp, signal: controller.signal });
    const outcome = await clock.run(policy.outcome(operation));
    expect(outcome).toMatchObject({ reason: "aborted", error: "enough" });
    expect([operation.calls.length, onGiveUp.mock.calls.length, clock.pending]).toEqual([1, 1, 0]);
  });

  test.each([...ways, ["and says no", () => false] as const])("ends once after `until`: %s", async (_, answer) => {
    const clock = virtualClock();
    const controller = new AbortController();
    const [onGiveUp, onSuccess] = [vi.fn(), vi.fn()];
    const until = (): boolean => {
      controller.abort("enough");
      return answer() as boolean;
    };
    const policy = retry({ clock, until, onGiveUp, onSuccess, signal: controller.signal });
    expect(await clock.run(policy.outcome(() => 1))).toMatchObject({ reason: "aborted", error: "enough" });
    expect([onGiveUp.mock.calls.length, onSuccess.mock.calls.length, clock.pending]).toEqual([1, 0, 0]);
  });

  test("tells nothing more once it has told its end, whatever the judge that aborted it says", async () => {
    for (const verdict of [true, false]) {
      const controller = new AbortController();
      const until = (): boolean => {
        controller.abort("enough");
        return verdict;
      };
      const told: string[] = [];
      const stop = observe(({ type }) => told.push(type));
      await expect(retry({ until, signal: controller.signal }).run(() => 1)).rejects.toBe("enough");
      stop();
      expect(told).toEqual(["attempt-started", "attempt-failed", "run-gave-up"]);
    }
  });
});
