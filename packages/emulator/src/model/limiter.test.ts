import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cost, costOf } from "./cost.js";
import { Limiter, type LimiterRules, type Limits } from "./limiter.js";

const bucket: LimiterRules = { algorithm: "token-bucket", countRejected: false };
const tokens = (count: number): Cost => ({ tokens: count, input: count, output: 0 });

/** Asks a limiter as a provider would: admitted, or the exact wait. */
function ask(limiter: Limiter, cost: Cost, nowMs: number): number | undefined {
  if (limiter.shortage(cost, nowMs) === undefined) {
    limiter.take(cost, nowMs);
    return 0;
  }
  limiter.reject(nowMs);
  return limiter.waitMs(cost, nowMs);
}

describe("facts recorded from OpenAI", () => {
  test("limit 200000, used 199821, requested 2295: a wait of 634.8 ms", () => {
    const limiter = new Limiter({ tpm: 200_000 }, bucket);
    limiter.take(tokens(199_821), 0);
    expect(limiter.shortage(tokens(2295), 0)).toEqual({
      dimension: "tpm",
      limit: 200_000,
      used: 199_821,
      requested: 2295,
      waitMs: expect.closeTo(634.8, 9),
    });
  });

  test("5000 requests per minute: one used is back after 12 ms", () => {
    const limiter = new Limiter({ rpm: 5000 }, bucket);
    limiter.take(tokens(1), 0);
    expect(limiter.meter("rpm")?.resetMs(0)).toBe(12);
  });

  test("160000 tokens per minute: 24 used are back after 9 ms", () => {
    const limiter = new Limiter({ tpm: 160_000 }, bucket);
    limiter.take(tokens(24), 0);
    expect(limiter.meter("tpm")?.resetMs(0)).toBe(9);
  });
});

/** Arrivals as gaps and costs, and what limits them. */
const arrivals = fc.array(fc.record({ gapMs: fc.nat(4000), tokens: fc.integer({ min: 1, max: 400 }) }), {
  minLength: 1,
  maxLength: 120,
});
const limitsOf: fc.Arbitrary<Limits> = fc.record({
  rpm: fc.integer({ min: 1, max: 300 }),
  tpm: fc.integer({ min: 400, max: 20_000 }),
});

describe("over any window", () => {
  test("a bucket admits at most its capacity and what it refilled", () => {
    fc.assert(
      fc.property(limitsOf, fc.integer({ min: 1, max: 50 }), arrivals, (limits, burst, list) => {
        const limiter = new Limiter(limits, { ...bucket, burst });
        const admitted = run(limiter, list);
        for (const [index, first] of admitted.entries()) {
          const window = admitted.slice(index);
          for (const [count, last] of window.entries()) {
            const spanMs = last.atMs - first.atMs;
            const sum = window.slice(0, count + 1).reduce((total, entry) => total + entry.tokens, 0);
            expect(count + 1).toBeLessThanOrEqual(burst + (spanMs * (limits.rpm ?? 0)) / 60_000 + 1e-9);
            expect(sum).toBeLessThanOrEqual((limits.tpm ?? 0) + (spanMs * (limits.tpm ?? 0)) / 60_000 + 1e-6);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a sliding window admits at most its limit", () => {
    fc.assert(
      fc.property(limitsOf, arrivals, (limits, list) => {
        const admitted = run(new Limiter(limits, { ...bucket, algorithm: "sliding-window" }), list);
        for (const first of admitted) {
          const window = admitted.filter(({ atMs }) => atMs >= first.atMs && atMs < first.atMs + 60_000);
          expect(window.length).toBeLessThanOrEqual(limits.rpm ?? 0);
          expect(window.reduce((sum, entry) => sum + entry.tokens, 0)).toBeLessThanOrEqual(limits.tpm ?? 0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a fixed window admits at most its limit from minute to minute", () => {
    fc.assert(
      fc.property(limitsOf, arrivals, (limits, list) => {
        const admitted = run(new Limiter(limits, { ...bucket, algorithm: "fixed-window" }), list);
        for (const { count, sum } of perSlice(admitted, 60_000)) {
          expect(count).toBeLessThanOrEqual(limits.rpm ?? 0);
          expect(sum).toBeLessThanOrEqual(limits.tpm ?? 0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each(["token-bucket", "fixed-window", "sliding-window"] as const)(
    "a quantum admits at most its share in any slice, whatever else is counted by: %s",
    (algorithm) => {
      fc.assert(
        fc.property(limitsOf, fc.constantFrom(1000, 10_000), arrivals, (limits, quantumMs, list) => {
          const share = Math.max(1, Math.floor(((limits.rpm ?? 0) * quantumMs) / 60_000));
          const admitted = run(new Limiter(limits, { ...bucket, algorithm, quantumMs }), list);
          for (const { count } of perSlice(admitted, quantumMs)) expect(count).toBeLessThanOrEqual(share);
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe("the wait that a refusal states is exact", () => {
  const rules: fc.Arbitrary<LimiterRules> = fc.record(
    {
      algorithm: fc.constantFrom("token-bucket", "fixed-window", "sliding-window"),
      countRejected: fc.boolean(),
      burst: fc.integer({ min: 1, max: 50 }),
      quantumMs: fc.constantFrom(1000, 10_000),
    },
    { requiredKeys: ["algorithm", "countRejected"] },
  );

  test("one millisecond earlier is refused, at it is admitted, for every way to count", () => {
    fc.assert(
      fc.property(limitsOf, rules, arrivals, (limits, rule, list) => {
        const fresh = (): Limiter => new Limiter({ ...limits, rpd: 2000, tpd: 100_000 }, rule);
        let nowMs = 0;
        for (const [index, arrival] of list.entries()) {
          nowMs += arrival.gapMs;
          const limiter = replayed(fresh(), list.slice(0, index));
          const waitMs = Math.ceil(ask(limiter, tokens(arrival.tokens), nowMs) ?? Number.NaN);
          if (waitMs === 0 || waitMs === Number.POSITIVE_INFINITY) continue;
          expect(limiter.shortage(tokens(arrival.tokens), nowMs + waitMs - 1)).toBeDefined();
          expect(limiter.shortage(tokens(arrival.tokens), nowMs + waitMs)).toBeUndefined();
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("what counts", () => {
  test("a refused request costs one request where the provider says so, and never runs into debt", () => {
    const limits = { rpm: 60, tpm: 1000 };
    const counting = new Limiter(limits, { ...bucket, countRejected: true, burst: 2 });
    ask(counting, tokens(1000), 0);
    for (let time = 0; time < 5; time++) expect(ask(counting, tokens(500), 0)).toBe(30_000);
    expect(counting.meter("rpm")?.level(0)).toBe(0);
    const lenient = new Limiter(limits, { ...bucket, burst: 2 });
    ask(lenient, tokens(1000), 0);
    ask(lenient, tokens(500), 0);
    expect(lenient.meter("rpm")?.level(0)).toBe(1);
  });

  test("more than the limit is never admitted, and nothing is taken for it", () => {
    const limiter = new Limiter({ tpm: 1000 }, { ...bucket, countRejected: true });
    expect(limiter.shortage(tokens(1001), 0)?.waitMs).toBe(Number.POSITIVE_INFINITY);
    expect(limiter.shortage(tokens(1000), 0)).toBeUndefined();
  });

  test("output that counts as it is produced leaves a debt that has to be worked off", () => {
    const limiter = new Limiter({ otpm: 600 }, bucket);
    const cost = costOf("anthropic", { characters: 40 });
    expect(ask(limiter, cost, 0)).toBe(0);
    limiter.produce(650, 0);
    expect(limiter.waitMs(cost, 0)).toBe(5100);
  });

  test("a place in flight is given back, and no time is promised for it", () => {
    const limiter = new Limiter({ inFlight: 1 }, bucket);
    expect(ask(limiter, tokens(1), 0)).toBe(0);
    expect(ask(limiter, tokens(1), 0)).toBeUndefined();
    limiter.release(0, 0);
    expect(ask(limiter, tokens(1), 0)).toBe(0);
  });

  test("a quantum lets only its share of a minute through at once", () => {
    const limiter = new Limiter({ rpm: 60 }, { ...bucket, algorithm: "sliding-window", quantumMs: 10_000 });
    const waits = Array.from({ length: 11 }, () => ask(limiter, tokens(1), 0));
    expect(waits).toEqual([...Array<number>(10).fill(0), 10_000]);
  });

  test("days stand beside minutes and are named first", () => {
    const limiter = new Limiter({ rpm: 1, rpd: 1 }, bucket);
    ask(limiter, tokens(1), 0);
    expect(limiter.shortage(tokens(1), 0)).toMatchObject({ dimension: "rpd", waitMs: 86_400_000 });
  });
});

describe("a limit that changes in mid-run", () => {
  test("a bucket keeps what is left, cut to the new capacity", () => {
    const limiter = new Limiter({ rpm: 100 }, bucket);
    for (let count = 0; count < 30; count++) ask(limiter, tokens(1), 0);
    limiter.change({ rpm: 200 }, bucket, 0);
    expect(limiter.meter("rpm")?.level(0)).toBe(70);
    limiter.change({ rpm: 10 }, bucket, 0);
    expect(limiter.meter("rpm")?.level(0)).toBe(10);
    expect(limiter.meter("rpm")?.level(6000)).toBe(10);
  });

  test("a window keeps what is used", () => {
    const rules: LimiterRules = { ...bucket, algorithm: "sliding-window" };
    const limiter = new Limiter({ rpm: 100 }, rules);
    for (let count = 0; count < 30; count++) ask(limiter, tokens(1), 0);
    limiter.change({ rpm: 20 }, rules, 0);
    expect(limiter.meter("rpm")?.level(0)).toBe(-10);
    expect(limiter.waitMs(tokens(1), 0)).toBe(60_000);
  });
});

function run(
  limiter: Limiter,
  list: readonly { gapMs: number; tokens: number }[],
): readonly { atMs: number; tokens: number }[] {
  const admitted: { atMs: number; tokens: number }[] = [];
  let atMs = 0;
  for (const arrival of list) {
    atMs += arrival.gapMs;
    if (ask(limiter, tokens(arrival.tokens), atMs) === 0) admitted.push({ atMs, tokens: arrival.tokens });
  }
  return admitted;
}

/** What was admitted in each slice of time, from the first to the last. */
function perSlice(
  admitted: readonly { atMs: number; tokens: number }[],
  lengthMs: number,
): Iterable<{ count: number; sum: number }> {
  const slices = new Map<number, { count: number; sum: number }>();
  for (const { atMs, tokens } of admitted) {
    const slice = Math.floor(atMs / lengthMs);
    const { count, sum } = slices.get(slice) ?? { count: 0, sum: 0 };
    slices.set(slice, { count: count + 1, sum: sum + tokens });
  }
  return slices.values();
}

function replayed(limiter: Limiter, list: readonly { gapMs: number; tokens: number }[]): Limiter {
  run(limiter, list);
  return limiter;
}
