import { describe, expect, test } from "vitest";
import { seeded } from "../../test/seeded.js";
import { observe, type PolicyEvent, type RetryBudget, retry, retryBudget } from "../index.js";
import { virtualClock, withClock } from "../testing.js";

/** A clock that is set by hand; nothing waits on it. */
function handClock() {
  const clock = { ms: 0, nowMs: () => clock.ms, wallNowMs: () => clock.ms, sleep: () => Promise.resolve() };
  return clock;
}

/** One client, 100 calls a second, at most three tries, each failing by chance; `previous` and tokens as `retry` tells them. */
function load(
  make: (clock: ReturnType<typeof handClock>) => RetryBudget | undefined,
  failureRatio: number,
  calls = 20_000,
) {
  const clock = handClock();
  const budget = make(clock);
  const random = seeded(7);
  const failure = { kind: "error", error: new Error("no"), attempt: 1, elapsedMs: 0 } as const;
  let sent = 0;
  let succeeded = 0;
  for (let call = 0; call < calls; call++, clock.ms += 10) {
    budget?.started?.();
    for (let tries = 1; tries <= 3; tries++) {
      sent++;
      if (random() >= failureRatio) {
        succeeded++;
        budget?.deposit(tries > 1, tries > 1 ? failure : undefined);
        break;
      }
      budget?.failed?.(failure);
      if (tries < 3 && budget?.withdraw(failure) === false) break;
    }
  }
  return { amplification: sent / calls, success: succeeded / calls };
}

/** Withdrawals granted from full, in a total outage. */
function granted(budget: RetryBudget, failure?: { status: number }): number {
  let count = 0;
  while (count < 10_000 && budget.withdraw(failure && { kind: "error", error: failure, attempt: 1, elapsedMs: 0 }))
    count++;
  return count;
}

const successOnly = () => retryBudget({ perSuccess: 0.1, capacity: 10, perSecond: 0 });
const finagle = (clock: ReturnType<typeof handClock>) => retryBudget.finagle({ clock });

describe("a retry budget", () => {
  test("starts full, grants as many retries as it holds, and then refuses at once", () => {
    const budget = successOnly();
    expect([granted(budget), budget.withdraw(), budget.state()]).toEqual([10, false, { tokens: 0, capacity: 10 }]);
  });

  test("earns one retry by ten successes, and never holds more than its capacity", () => {
    const budget = successOnly();
    budget.deposit(false);
    expect(budget.state().tokens).toBe(10);
    granted(budget);
    for (let success = 1; success <= 9; success++) budget.deposit(false);
    expect(budget.withdraw()).toBe(false);
    budget.deposit(true);
    expect([budget.withdraw(), budget.withdraw()]).toEqual([true, false]);
  });

  test("earns a little by time, so that a client with few calls is not shut out for good", () => {
    const clock = handClock();
    const budget = retryBudget({ clock });
    granted(budget);
    clock.ms = 9_999;
    expect(budget.withdraw()).toBe(false);
    clock.ms = 10_000;
    expect([budget.withdraw(), budget.withdraw()]).toEqual([true, false]);
    clock.ms = 1e9;
    expect(budget.state().tokens).toBe(10);
  });

  test("a clock that steps back neither earns nor loses", () => {
    const clock = handClock();
    const budget = retryBudget({ clock });
    clock.ms = 60_000;
    granted(budget);
    clock.ms = 0;
    expect(budget.state().tokens).toBe(0);
    clock.ms = 60_000;
    expect(budget.state().tokens).toBe(0);
  });

  test("takes what a failure costs, and a hedge costs what the function says for none", () => {
    const budget = retryBudget({ perSecond: 0, cost: (failure) => (failure === undefined ? 4 : 0) });
    expect(granted(budget)).toBe(2);
    expect(budget.withdraw({ kind: "error", error: 1, attempt: 1, elapsedMs: 0 })).toBe(true);
  });

  test.each([Number.NaN, -1])("a cost of %d is refused when it is asked for", (cost) => {
    expect(() => retryBudget({ cost: () => cost }).withdraw()).toThrow("expected `cost` to be a function that answers");
  });

  test("says once that it is exhausted, and again after it has granted", () => {
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const budget = retryBudget({ capacity: 1, perSuccess: 1, perSecond: 0, name: "shared" });
    const told = [1, 2].map(() => {
      granted(budget);
      const atOnce = events.length;
      budget.withdraw();
      budget.deposit(false);
      return [atOnce, events.length];
    });
    stop();
    expect(told).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(events).toEqual(Array(2).fill({ type: "budget-exhausted", name: "shared", tokens: 0, capacity: 1 }));
  });

  test("says that it is exhausted at the first call already, where that costs more than it ever holds", () => {
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    expect(retryBudget({ capacity: 1, perSecond: 0, cost: () => 2 }).withdraw()).toBe(false);
    stop();
    expect(events).toEqual([{ type: "budget-exhausted", name: undefined, tokens: 1, capacity: 1 }]);
  });

  test("with no limit on what time earns it is full a moment later, and no number is lost on the way", async () => {
    const clock = virtualClock();
    const budget = retryBudget({ perSecond: Number.POSITIVE_INFINITY, capacity: 2, clock });
    expect([granted(budget), budget.state().tokens]).toEqual([2, 0]);
    await clock.advance(1);
    expect(granted(budget)).toBe(2);
  });

  test("is silent where nobody listens", () => {
    expect(granted(retryBudget({ capacity: 1, perSecond: 0 }))).toBe(1);
  });

  test.each([
    [{ perSuccess: -0.1 }, "expected `perSuccess` to be a number >= 0, got `-0.1` (number)"],
    [{ capacity: 0.5 }, "expected `capacity` to be a number >= 1, got `0.5` (number)"],
    [{ perSecond: Number.NaN }, "expected `perSecond` to be a number >= 0, got `NaN` (number)"],
    [{ cost: 3 }, "expected `cost` to be a function, got `3` (number)"],
    [{ perSucces: 1 }, "retryBudget has no option `perSucces`; did you mean `perSuccess`?"],
  ])("refuses %o at construction", (options, message) => {
    expect(() => retryBudget(options as object)).toThrow(message);
  });
});

describe("presets", () => {
  test("grpc: four failures use up half of it, whether or not they were retried; so three tries twice make three retries", () => {
    const budget = retryBudget.grpc();
    const answers = Array.from({ length: 5 }, () => {
      budget.failed?.({ kind: "error", error: 1, attempt: 1, elapsedMs: 0 });
      return budget.withdraw();
    });
    expect(answers).toEqual([true, true, true, true, false]);
    expect(load(() => retryBudget.grpc(), 1, 100).amplification).toBe(1.03);
  });

  test("grpc: one success above half is enough, half itself is not", () => {
    const budget = retryBudget.grpc();
    for (let failure = 1; failure <= 5; failure++)
      budget.failed?.({ kind: "error", error: 1, attempt: 1, elapsedMs: 0 });
    expect([budget.state().tokens, budget.withdraw()]).toEqual([5, false]);
    budget.deposit(false);
    expect(budget.withdraw()).toBe(true);
  });

  test.each([
    [14, 35],
    [10, 50],
    [5, 100],
  ])("aws: at a cost of %d, %d retries in a total outage", (cost, retries) => {
    expect(granted(retryBudget.aws({ cost }))).toBe(retries);
  });

  test("grpc: failures never leave a debt", () => {
    const budget = retryBudget.grpc();
    for (let failure = 1; failure <= 11; failure++)
      budget.failed?.({ kind: "error", error: 1, attempt: 1, elapsedMs: 0 });
    expect(budget.state()).toEqual({ tokens: 0, capacity: 10 });
  });

  test.each(
    ["throttl", "too_many_requests", "rate_limit", "slow_down", "bandwidth_limit", "provisioned_throughput"].flatMap(
      (word) => [word, word.replaceAll("_", "").toUpperCase()],
    ),
  )("aws: %s in a code or a name means throttling", (word) => {
    for (const error of [{ code: `${word}ing` }, { name: `${word}Exception` }]) {
      const budget = retryBudget.aws();
      budget.withdraw({ kind: "error", error, attempt: 1, elapsedMs: 0 });
      expect(budget.state().tokens).toBe(495);
    }
  });

  test.each([null, undefined, "slow_down", { status: 503 }, { code: "ECONNRESET" }])("aws: %o does not", (error) => {
    const budget = retryBudget.aws();
    budget.withdraw({ kind: "error", error, attempt: 1, elapsedMs: 0 });
    expect(budget.state().tokens).toBe(486);
  });

  test("aws: throttled calls cost less, and a retry that succeeds gives back what it took", () => {
    expect(granted(retryBudget.aws(), { status: 429 })).toBe(100);
    const budget = retryBudget.aws();
    const failure = { kind: "error", error: { code: "ThrottlingException" }, attempt: 1, elapsedMs: 0 } as const;
    budget.withdraw(failure);
    expect(budget.state().tokens).toBe(495);
    budget.deposit(true, failure);
    expect(budget.state().tokens).toBe(500);
    budget.withdraw();
    budget.deposit(false);
    expect(budget.state().tokens).toBe(487);
  });

  test("finagle: a fifth of the first calls of the last ten seconds, and ten a second on top", () => {
    const clock = handClock();
    const budget = retryBudget.finagle({ clock });
    for (let call = 0; call < 1000; call++, clock.ms += 9) budget.started?.();
    budget.deposit(false);
    expect(granted(budget)).toBe(0.2 * 1000 + 10 * 10);
    expect(budget.state().tokens).toBeCloseTo(0);
    clock.ms += 10_000;
    expect(budget.state()).toEqual({ tokens: 100, capacity: Number.POSITIVE_INFINITY });
  });

  test("finagle: uses the default clock of the moment where it was given none", () => {
    const clock = handClock();
    using _ = withClock(clock);
    const budget = retryBudget.finagle();
    expect(granted(budget)).toBe(100);
    clock.ms = 10_000;
    expect(granted(budget)).toBe(100);
  });

  test("finagle: forgets in steps, the oldest first", () => {
    const clock = handClock();
    const budget = retryBudget.finagle({ perStart: 1, perSecond: 0, window: "10s", clock });
    for (const ms of [0, 1000, 5000]) {
      clock.ms = ms;
      budget.started?.();
    }
    clock.ms = 9999;
    expect(budget.state().tokens).toBe(3);
    clock.ms = 10_000;
    expect(budget.state().tokens).toBe(2);
    clock.ms = 11_000;
    expect(budget.state().tokens).toBe(1);
    clock.ms = 14_999;
    expect(budget.state().tokens).toBe(1);
    clock.ms = 15_000;
    expect([budget.state().tokens, budget.withdraw(), budget.withdraw()]).toEqual([0, false, false]);
  });

  test("finagle: what was spent counts as long as what was earned, and is no debt before", () => {
    const clock = handClock();
    const budget = retryBudget.finagle({ perStart: 1, perSecond: 0, window: "10s", clock });
    budget.started?.();
    clock.ms = 5000;
    expect(budget.withdraw()).toBe(true);
    clock.ms = 10_000;
    expect(budget.state().tokens).toBe(0);
    budget.started?.();
    expect(budget.withdraw()).toBe(false);
    clock.ms = 15_000;
    expect(budget.withdraw()).toBe(true);
  });

  test("finagle: says once that it is exhausted, and again after it has granted", () => {
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const budget = retryBudget.finagle({ perStart: 1, perSecond: 0, clock: handClock(), name: "shared" });
    const told = [1, 2, 3].map((round) => {
      // It has nothing to begin with: the first withdrawal is refused.
      if (round > 1) budget.started?.();
      granted(budget);
      const atOnce = events.length;
      budget.withdraw();
      return [atOnce, events.length];
    });
    stop();
    expect(told).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    const capacity = Number.POSITIVE_INFINITY;
    expect(events).toEqual(Array(3).fill({ type: "budget-exhausted", name: "shared", tokens: 0, capacity }));
  });

  test.each(["grpc", "aws", "finagle"] as const)("%s takes a name and a clock", (preset) => {
    expect(retryBudget[preset]({ name: "shared", clock: handClock() }).name).toBe("shared");
  });

  test.each([
    [() => retryBudget.grpc({ capacity: 0 }), "expected `capacity` to be a number > 0"],
    [() => retryBudget.grpc({ perSuccess: 0 }), "expected `perSuccess` to be a number > 0"],
    [() => retryBudget.aws({ cost: 0 }), "expected `cost` to be a number > 0"],
    [() => retryBudget.aws({ throttleCost: -1 }), "expected `throttleCost` to be a number > 0"],
    [() => retryBudget.aws({ capacity: 13 }), "expected `capacity` to be a number >= 14"],
    [() => retryBudget.finagle({ perStart: -1 }), "expected `perStart` to be a number >= 0"],
    [() => retryBudget.finagle({ perSecond: -1 }), "expected `perSecond` to be a number >= 0"],
    [() => retryBudget.finagle({ window: 0 }), "expected `window` to be a duration > 0"],
    [() => retryBudget.finagle({ window: "soon" as never }), "expected `window` to be a duration"],
    [() => retryBudget.finagle({ window: Number.POSITIVE_INFINITY }), "expected `window` to be a duration > 0"],
    [() => retryBudget.finagle({ ratio: 1 } as object), "retryBudget.finagle has no option `ratio`"],
    [() => retryBudget.grpc({ ratio: 1 } as object), "retryBudget.grpc has no option `ratio`"],
    [() => retryBudget.aws({ ratio: 1 } as object), "retryBudget.aws has no option `ratio`"],
  ])("are checked: %s", (make, message) => {
    expect(make).toThrow(message);
  });
});

describe("amplification and success of one client at 100 calls a second with at most three tries", () => {
  test.each([
    [0.1, "gRPC", () => retryBudget.grpc(), 1.017, 0.91],
    [0.1, "successes", successOnly, 1.097, 0.985],
    [0.1, "Finagle", finagle, 1.112, 0.999],
    [0.1, "AWS", () => retryBudget.aws(), 1.112, 0.999],
    [0.3, "gRPC", () => retryBudget.grpc(), 1.0, 0.7],
    [0.3, "successes", successOnly, 1.075, 0.75],
    [0.3, "Finagle", finagle, 1.297, 0.905],
    [0.3, "AWS", () => retryBudget.aws(), 1.164, 0.81],
    [1, "gRPC", () => retryBudget.grpc(), 1.0, 0],
    [1, "successes", successOnly, 1.0, 0],
    [1, "Finagle", finagle, 1.3, 0],
    [1, "AWS", () => retryBudget.aws(), 1.0, 0],
    [1, "no budget", () => undefined, 3.0, 0],
  ] as const)("failure ratio %d, %s", (failureRatio, _name, make, amplification, success) => {
    // At 0.1, gRPC's bucket hovers about its threshold: only a long run has a mean.
    const result = load(make, failureRatio, 60_000);
    expect(Math.abs(result.amplification - amplification)).toBeLessThanOrEqual(0.01);
    expect(Math.abs(result.success - success)).toBeLessThanOrEqual(0.015);
  });

  test.each([
    ["gRPC", () => retryBudget.grpc(), 0.091],
    ["AWS at 14", () => retryBudget.aws(), 0.215],
    ["AWS at 10", () => retryBudget.aws({ cost: 10 }), 0.246],
    ["AWS at 5", () => retryBudget.aws({ cost: 5 }), 0.32],
  ] as const)("%s begins to bite at its break-even failure ratio", (_name, make, breakEven) => {
    const unlimited = (ratio: number): number => 1 + ratio + ratio * ratio;
    const missing = (ratio: number): number => unlimited(ratio) - load(make, ratio, 50_000).amplification;
    expect(missing(breakEven * 0.85)).toBeLessThan(0.02);
    expect(missing(breakEven * 1.15)).toBeGreaterThan(missing(breakEven * 0.85) + 0.01);
  });
});

describe("retry with a budget", () => {
  const failing = (): Promise<never> => Promise.reject(new Error("no"));

  test("gives up with the operation's own error when the budget refuses, without a wait", async () => {
    const clock = virtualClock();
    const policy = retry({
      budget: retryBudget({ capacity: 1, perSecond: 0 }),
      schedule: [100, 100],
      jitter: null,
      clock,
    });
    const outcome = await clock.run(policy.outcome(failing));
    expect(outcome).toMatchObject({ ok: false, reason: "budget-exhausted", attempts: 2, waitsMs: [100] });
  });

  test("asks a budget elsewhere and waits for its answer", async () => {
    const clock = virtualClock();
    const answers = [true, false];
    const budget = { deposit: () => undefined, withdraw: () => Promise.resolve(answers.shift() ?? false) };
    const outcome = await clock.run(retry({ budget, clock, jitter: null }).outcome(failing));
    expect(outcome).toMatchObject({ reason: "budget-exhausted", attempts: 2 });
  });

  test("takes nothing for a retry that the bounds forbid, and tells of failures that are not retried any more", async () => {
    const told: string[] = [];
    const budget = {
      started: () => told.push("started"),
      deposit: () => told.push("deposit"),
      failed: () => told.push("failed"),
      withdraw: () => told.push("withdraw") > 0,
    };
    const clock = virtualClock();
    await clock.run(retry({ budget, maxAttempts: 2, clock }).outcome(failing));
    expect(told).toEqual(["started", "failed", "withdraw", "failed"]);
  });

  test("a budget that is shared with a policy around is told of each call once", async () => {
    const budget = retryBudget({ capacity: 10, perSuccess: 1, perSecond: 0 });
    const clock = virtualClock();
    for (let taken = 0; taken < 5; taken++) budget.withdraw();
    const inner = retry({ budget, clock });
    await retry({ budget, clock }).run((attempt) => inner.run(() => "ok", attempt));
    expect(budget.state().tokens).toBe(6);
  });
});
