import { describe, expect, test, vi } from "vitest";
import { type BreakerStore, type LimiterStore, memoryBreakerStore, memoryLimiterStore } from "../index.js";
import * as testing from "../testing.js";

function handTime(): { nowMs(): number; advance(by: number): void } {
  let ms = 1000;
  return {
    nowMs: () => ms,
    advance: (by) => {
      ms += by;
    },
  };
}

type Change<Store> = (store: Store) => Partial<Store>;

function limiterCases(change: Change<LimiterStore>, toleranceMs?: number, { limiterStoreCases } = testing) {
  return limiterStoreCases(() => {
    const near = memoryLimiterStore();
    const store: LimiterStore = {
      reserve: near.reserve.bind(near),
      settle: near.settle.bind(near),
      sync: near.sync.bind(near),
      pause: near.pause.bind(near),
      update: near.update.bind(near),
      state: near.state.bind(near),
    };
    return { store: { ...store, ...change(store) }, toleranceMs, ...handTime() };
  });
}

function breakerCases(change: Change<BreakerStore>, { breakerStoreCases } = testing) {
  return breakerStoreCases((rules) => {
    const time = handTime();
    const near = memoryBreakerStore(rules, time.nowMs());
    const store: BreakerStore = {
      acquire: near.acquire.bind(near),
      report: near.report.bind(near),
      force: near.force.bind(near),
      read: near.read.bind(near),
    };
    return { store: { ...store, ...change(store) }, ...time };
  });
}

const lost = new Error("store lost");
const throwing = (): never => {
  throw lost;
};

/** The message of each case that fails, by its title. */
async function failures(cases: readonly testing.ConformanceCase[]): Promise<Map<string, string>> {
  const messages = new Map<string, string>();
  for (const { title, run } of cases) await run().catch((error: Error) => messages.set(title, error.message));
  return messages;
}

describe.each([
  ["limiter", limiterCases(() => ({})), limiterCases(() => ({ reserve: throwing })), 34],
  [
    "breaker",
    breakerCases(() => ({})),
    breakerCases(() => ({ acquire: throwing, read: throwing, force: throwing })),
    18,
  ],
] as const)("the suite for %s stores", (_, good, lostCases, count) => {
  test("has a rule in words of its own for each case", () => {
    const titles = good.map(({ title }) => title);
    expect(new Set(titles).size).toBe(count);
    for (const title of titles) expect(title.length).toBeGreaterThan(20);
  });

  test("asks the store in every case: one that is lost breaks every rule", async () => {
    const messages = await failures(lostCases);
    expect([...messages.keys()]).toEqual(good.map(({ title }) => title));
    expect(new Set(messages.values())).toEqual(new Set(["store lost"]));
  });
});

test("the suites tell a store only what it may be told, and ask for nothing that costs nothing", async () => {
  const told = new Set<string>();
  const breakers = breakerCases((store) => ({
    report: (ticket, result, nowMs) => {
      told.add(result);
      return store.report(ticket, result, nowMs);
    },
    force: (status, nowMs) => {
      told.add(status);
      return store.force(status, nowMs);
    },
  }));
  const costs: object[] = [];
  const limiters = limiterCases((store) => ({
    reserve: (request, nowMs) => {
      costs.push(request.cost);
      return store.reserve(request, nowMs);
    },
  }));
  for (const cases of [breakers, limiters]) expect(await failures(cases)).toEqual(new Map());
  expect([...told].sort()).toEqual(["closed", "failure", "ignored", "isolated", "open", "success"]);
  for (const cost of costs) expect(Object.keys(cost)).not.toEqual([]);
});

test("every check of the suites says what it looks at", async () => {
  const looked: string[] = [];
  vi.resetModules();
  vi.doMock("./conformance.js", () => ({ same: (_got: unknown, _wanted: unknown, what: string) => looked.push(what) }));
  const watched = await import("../testing.js");
  vi.doUnmock("./conformance.js");
  vi.resetModules();
  expect(await failures(limiterCases(() => ({}), 0, watched))).toEqual(new Map());
  expect(await failures(breakerCases(() => ({}), watched))).toEqual(new Map());
  expect(looked.length).toBeGreaterThan(500);
  for (const what of looked) expect(what.length).toBeGreaterThan(5);
});

describe("the long trace for limiter stores", () => {
  /** What a store is asked in the course of it. */
  async function traced(toleranceMs?: number): Promise<unknown> {
    const asked: unknown[] = [];
    const settled: unknown[] = [];
    let endMs = 0;
    const cases = limiterCases(
      (store) => ({
        reserve: (request, nowMs) => {
          endMs = nowMs;
          asked.push(request.cost);
          return store.reserve(request, nowMs);
        },
        settle: (settlement, nowMs) => {
          settled.push(settlement.actual);
          return store.settle(settlement, nowMs);
        },
      }),
      toleranceMs,
    );
    await cases.at(-1)?.run();
    return { asked: asked.length, first: asked.slice(0, 3), settled: settled.length, last: settled.at(-1), endMs };
  }

  test("is the same at each run", async () => {
    expect(await traced()).toEqual({
      asked: 500,
      first: [
        { requests: 1, tokens: 37 },
        { requests: 1, tokens: 40 },
        { requests: 2, tokens: 32 },
      ],
      settled: 120,
      last: { requests: 1, tokens: 15 },
      endMs: 47_452,
    });
  });

  test("is one step where time cannot be turned, since two stores would drift apart", async () => {
    expect(await traced(20)).toMatchObject({ asked: 1 });
  });
});

describe("a broken rule says what was expected and what came", () => {
  test.each<[string, Partial<LimiterStore>, string, string]>([
    [
      "refuses all",
      { reserve: () => ({ kind: "wait", waitMs: 5, binds: "requests" }) },
      "saves up no more than the burst",
      'expected {"requests":4} to be admitted, got {"kind":"wait","waitMs":5,"binds":"requests"}',
    ],
    [
      "admits all",
      { reserve: () => ({ kind: "admitted", id: 7 }) },
      "lets nobody go during a pause, whatever it costs",
      'expected {"requests":1} to wait, got {"kind":"admitted","id":7}',
    ],
    [
      "knows nothing",
      { state: () => ({ currencies: {}, pausedUntilMs: undefined }) },
      "tells levels, limits and the pause",
      "the level: expected 0, got null",
    ],
  ])("of a limiter store that %s", async (_, change, title, message) => {
    expect((await failures(limiterCases(() => change))).get(title)).toBe(message);
  });

  test("of a breaker store", async () => {
    const state = { status: "closed", calls: 0, failures: 0 } as const;
    const admitting = await failures(breakerCases(() => ({ acquire: () => ({ isAdmitted: true, ticket: 0 }) })));
    expect(admitting.get("refuses calls while it is open, and says for how long")).toBe(
      "expected a call to be refused, it was let through",
    );
    const refusing = await failures(breakerCases(() => ({ acquire: () => ({ isAdmitted: false, state }) })));
    expect(refusing.get("counts no call that was ignored")).toBe(
      "expected a call to be let through, the circuit is closed",
    );
    const silent = await failures(
      breakerCases((store) => ({
        acquire: async (nowMs) => ({ ...(await store.acquire(nowMs)), transition: undefined }),
        force: (status, nowMs) => void store.force(status, nowMs),
      })),
    );
    expect([...silent.values()]).toEqual([
      'the transition: expected ["open","half-open"], got [null,null]',
      'opened by hand: expected "open", got undefined',
      'isolated by hand: expected "isolated", got undefined',
    ]);
    const hasty = await failures(
      breakerCases((store) => ({
        acquire: async (nowMs) => {
          const admission = await store.acquire(nowMs);
          if (admission.isAdmitted || admission.state.status !== "isolated") return admission;
          return { ...admission, state: { ...admission.state, retryAfterMs: 5 } };
        },
      })),
    );
    expect([...hasty.values()]).toEqual(['the refusal: expected ["isolated",null], got ["isolated",5]']);
    const unclosing = await failures(
      breakerCases((store) => ({
        force: (status, nowMs) => {
          const transition = store.force(status, nowMs);
          return status === "closed" ? undefined : transition;
        },
        report: async (ticket, result, nowMs) => {
          const transition = await store.report(ticket, result, nowMs);
          return transition?.to.status === "closed" ? undefined : transition;
        },
      })),
    );
    expect([...unclosing.values()]).toEqual([
      'a probe that succeeds: expected "closed", got undefined',
      'the next probe: expected "closed", got undefined',
      'the second probe: expected "closed", got undefined',
      'closed by hand: expected "closed", got undefined',
    ]);
    const forgetting = await failures(breakerCases(() => ({ report: () => undefined })));
    expect(forgetting.get("refuses calls while it is open, and says for how long")).toBe(
      'four failures: expected "open", got undefined',
    );
  });
});
