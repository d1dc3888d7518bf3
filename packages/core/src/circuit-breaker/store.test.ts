import { describe, expect, test } from "vitest";
import { breakerStoreCases } from "../testing.js";
import { type BreakerRules, memoryBreakerStore } from "./store.js";

const rules: BreakerRules = { failureRatio: 0.5, minimumCalls: 4, window: { calls: 4 }, openForMs: 300, probes: 1 };

describe("the store in memory", () => {
  const cases = breakerStoreCases((given) => {
    let ms = 1000;
    return {
      store: memoryBreakerStore(given, ms),
      nowMs: () => ms,
      advance: (by) => {
        ms += by;
      },
    };
  });
  test.each(cases.map(({ title, run }) => [title, run] as const))("%s", (_title, run) => run());

  test.each([
    [{ status: "closed", calls: 3, failures: 2 }],
    [{ status: "open", calls: 4, failures: 3, retryAfterMs: 120 }],
    [{ status: "half-open", calls: 4, failures: 3 }],
    [{ status: "isolated", calls: 4, failures: 3 }],
  ] as const)("begins where another left off: %o", (initialState) => {
    for (const window of [{ calls: 4 }, { ms: 1000 }]) {
      expect(memoryBreakerStore({ ...rules, window, initialState }, 50).read(50)).toEqual(initialState);
    }
  });

  test("a circuit that begins open without a time is open for its usual one", () => {
    const store = memoryBreakerStore({ ...rules, initialState: { status: "open", calls: 1, failures: 1 } }, 0);
    expect(store.read(100)).toMatchObject({ retryAfterMs: 200 });
  });

  test("a window of calls takes no more calls from before than it holds, the failures first", () => {
    const initialState = { status: "closed", calls: 9, failures: 2 } as const;
    expect(memoryBreakerStore({ ...rules, initialState }, 0).read(0)).toMatchObject({ calls: 4, failures: 2 });
  });
});
