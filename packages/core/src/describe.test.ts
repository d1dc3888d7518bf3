import { describe as about, expect, test } from "vitest";
import { compose, describe, OptionError, retry, retryBudget, timeout } from "./index.js";

about("describe", () => {
  test("is plain data, a layer for each policy, outermost first", () => {
    const layers = describe(compose(timeout("20s", { name: "all" }), retry({ maxAttempts: 3 })));
    expect(JSON.parse(JSON.stringify(layers))).toMatchObject([
      { policy: "timeout", name: "all", summary: "cuts a call after 20000 ms", options: { timeoutMs: 20_000 } },
      { policy: "retry", options: { maxAttempts: 3, maxTimeMs: 60_000, budget: false } },
    ]);
    expect(layers.map(({ policy }) => policy)).toEqual(["timeout", "retry"]);
  });

  test("prints as a sentence per layer", () => {
    const policy = compose(
      timeout("20s", { name: "all" }),
      retry({ maxAttempts: 3 }),
      timeout(Number.POSITIVE_INFINITY),
    );
    expect(String(describe(policy))).toBe(
      [
        '1. timeout "all" cuts a call after 20000 ms.',
        "2. retry makes up to 3 attempts, the last starting within 60000 ms.",
        "3. timeout lets a call take any time.",
      ].join("\n"),
    );
  });

  test("says every bound of a retry that is one", () => {
    const policy = retry({
      maxAttempts: Number.POSITIVE_INFINITY,
      attemptTimeout: "2s",
      maxTime: Number.POSITIVE_INFINITY,
      deadline: "10s",
      budget: retryBudget(),
    });
    expect(describe(policy)[0]?.summary).toBe(
      "makes attempts as long as its schedule lasts, each of at most 2000 ms, all ending within 10000 ms, within a budget",
    );
  });

  test("a policy that is none is refused", () => {
    expect(() => describe((() => undefined) as never)).toThrow(OptionError);
  });
});
