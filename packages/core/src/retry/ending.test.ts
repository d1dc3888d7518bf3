import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { compose, retry, timeout } from "../index.js";
import { virtualClock } from "../testing.js";

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
