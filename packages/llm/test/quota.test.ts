import { memoryLimiterStore } from "bide";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { Quota, timeToAdmitMs } from "../src/index.js";
import { type Draining, drained, drainedBy, Way } from "./drained.js";

vi.setConfig({ testTimeout: 60_000 });

const LATENCY_MS = 250;
const BUCKET = { rpm: 3000, burst: 100, latency: `${LATENCY_MS}ms` } as const;

/** The least time: what is over the burst comes in at the rate, and the last one has to be answered. */
function boundMs(requests: number, { rpm, burst }: { readonly rpm: number; readonly burst: number }): number {
  return (Math.max(0, requests - burst) * 60_000) / rpm + LATENCY_MS;
}

describe("a quota that was told", () => {
  test("has no request refused, however arrivals are apart, as long as they are no more apart than it was told", async () => {
    const cases = fc.record({
      rpm: fc.integer({ min: 600, max: 30_000 }),
      burst: fc.integer({ min: 20, max: 120 }),
      jitterMs: fc.integer({ min: 0, max: 48 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
      dialect: fc.constantFrom("openai", "silent"),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ rpm, burst, jitterMs, seed, dialect }) => {
        const emulator = { rpm, burst, latency: `${LATENCY_MS}ms`, dialect, countRejected: true } as const;
        const { answered, refused } = await drained({ emulator, quota: { rpm, burst }, requests: 140, jitterMs, seed });
        expect({ answered, refused }).toEqual({ answered: 140, refused: 0 });
      }),
      { numRuns: 10, seed: 6 },
    );
  });

  test("loses no request where arrivals are further apart than that: some are refused, and go again", async () => {
    const emulator = { rpm: 3000, burst: 3, latency: "100ms", dialect: "silent" } as const;
    const draining = { emulator, quota: { rpm: 3000, burst: 3 }, requests: 150, jitterMs: 300 } as const;

    const { answered, refused } = await drained(draining);

    expect(answered).toBe(150);
    expect(refused).toBeGreaterThan(0);
  });

  test("is drained within a hundredth of the least time", async () => {
    const { refused, makespanMs } = await drained({
      emulator: BUCKET,
      quota: { rpm: 3000, burst: 100 },
      requests: 700,
    });

    expect(refused).toBe(0);
    expect(makespanMs).toBeLessThan(1.01 * boundMs(700, BUCKET));
  });

  test("is lowered where the provider's limit is lower, and not raised where that is higher", async () => {
    const lower = await drained({ emulator: { ...BUCKET, rpm: 1500 }, quota: { rpm: 3000, burst: 50 }, requests: 200 });
    const higher = await drained({
      emulator: { ...BUCKET, rpm: 6000 },
      quota: { rpm: 3000, burst: 50 },
      requests: 200,
    });

    expect(lower.quota.state()[0]?.currencies["requests"]?.limit).toBeCloseTo(1500, -2);
    expect(higher.quota.state()[0]?.currencies["requests"]?.limit).toBe(3000);
    expect(higher.makespanMs).toBeGreaterThan(boundMs(200, { rpm: 3000, burst: 50 }) - 1);
  });

  test("bounds what is in flight", async () => {
    const emulator = { inFlight: 7, latency: "100ms" };
    const { answered, refused, log } = await drained({ emulator, quota: { concurrency: 7 }, requests: 60 });

    expect({ answered, refused, arrivals: log.length }).toEqual({ answered: 60, refused: 0, arrivals: 60 });
  });
});

describe("a quota that was not told", () => {
  const HEADERS: readonly (readonly [string, Draining["emulator"], string])[] = [
    ["openai", { ...BUCKET, dialect: "openai" }, "api.openai.com"],
    ["mistral", { ...BUCKET, dialect: "mistral" }, "api.mistral.ai"],
    ["azure", { ...BUCKET, dialect: "azure" }, "example.openai.azure.com"],
    ["anthropic", { ...BUCKET, itpm: 400_000 }, "api.anthropic.com"],
    ["groq", { rpd: 100_000, tpm: 300_000, tokenBurst: 15_000, latency: "250ms", dialect: "groq" }, "api.groq.com"],
  ];

  test.each(HEADERS)("is learned from the headers of %s before anything is refused", async (_, emulator, host) => {
    const { answered, refused, quota } = await drained({ emulator, requests: 300, host });

    expect({ answered, refused }).toEqual({ answered: 300, refused: 0 });
    expect(Object.values(quota.state()[0]?.currencies ?? {}).map(({ source }) => source)).toContain("learned");
  });

  test.each(["lying:short", "lying:garbage", "lying:past-date"] as const)("survives %s", async (dialect) => {
    const { answered, refused, makespanMs } = await drained({ emulator: { ...BUCKET, dialect }, requests: 600 });

    expect(answered).toBe(600);
    expect(refused).toBeLessThanOrEqual(0.05 * 600);
    expect(makespanMs).toBeLessThan(1.1 * boundMs(600, BUCKET));
  });

  test("survives headers of -1", async () => {
    const emulator = { ...BUCKET, burst: 50, dialect: "azure:unknown" } as const;

    expect((await drained({ emulator, requests: 200 })).answered).toBe(200);
  });

  test("does not collapse where refused calls are charged", async () => {
    const { answered, refused, makespanMs } = await drained({
      emulator: { ...BUCKET, countRejected: true },
      requests: 1200,
    });

    expect(answered).toBe(1200);
    expect(refused).toBeLessThanOrEqual(0.005 * 1200);
    expect(makespanMs).toBeLessThan(1.03 * boundMs(1200, BUCKET));
  });

  test.each([
    ["requests", BUCKET],
    ["tokens", { tpm: 300_000, tokenBurst: 10_000, latency: "250ms" }],
  ] as const)("is found where nobody tells a word: %s", async (_, limits) => {
    const emulator = { ...limits, dialect: "silent" } as const;
    const { answered, refused, makespanMs } = await drained({ emulator, requests: 1500, isMute: true });

    expect(answered).toBe(1500);
    expect(refused).toBeLessThanOrEqual(0.03 * 1500);
    expect(makespanMs).toBeLessThan(1.08 * boundMs(1500, BUCKET));
  });

  test("is followed down and up when it changes on the way", async () => {
    const changes = [
      { at: "4s", rpm: 1500 },
      { at: "10s", rpm: 4500 },
    ];
    const { answered, refused, log } = await drained({ emulator: { ...BUCKET, changes }, requests: 700 });
    const perSecond = (from: number, to: number): number =>
      log.filter(({ atMs, status }) => status === 200 && atMs >= from * 1000 && atMs < to * 1000).length / (to - from);

    expect(answered).toBe(700);
    expect(refused).toBeLessThanOrEqual(0.02 * 700);
    expect(perSecond(6, 10) / 25).toBeGreaterThan(0.95);
    expect(perSecond(11.5, 13) / 75).toBeGreaterThan(0.95);
  });

  test.each([
    ["headers, and a refusal names its limit", { dialect: "openai" }, false],
    ["no headers, and a refusal names its limit", { dialect: "silent" }, false],
    ["nothing but no", { dialect: "silent" }, true],
  ] as const)("is found where it is on requests in flight: %s", async (_, told, isMute) => {
    const emulator = { ...told, inFlight: 50, rpm: 600_000, latency: "400ms", countRejected: false } as const;
    const { answered, refused, makespanMs } = await drained({ emulator, requests: 1500, isMute });

    expect(answered).toBe(1500);
    expect(refused).toBeLessThanOrEqual(0.005 * 1500);
    // Thirty rounds, each with its way; about one more until the places are found.
    expect(makespanMs).toBeLessThan(31.5 * (400 + 2 * (2 + 5)));
  });

  test.each([
    { perSecond: 50, burst: 100, latencyMs: 250 },
    { perSecond: 20, burst: 20, latencyMs: 500 },
  ])("is shared with another tenant without a fight: %o", async ({ perSecond, burst, latencyMs }) => {
    const emulator = { organization: { rpm: 60 * perSecond, burst }, latency: `${latencyMs}ms` };
    const way = new Way({ emulator });
    const calls = Array.from({ length: 18 * perSecond }, (_, number) => way.fetch(...way.chat(number)));
    const tenant = async (): Promise<void> => {
      await way.clock.sleep(4000);
      for (let number = 0; number < 7 * perSecond; number++) {
        void way.wire(...way.chat(number, 400, 50, "two"));
        await way.clock.sleep(2000 / perSecond);
      }
    };

    await way.clock.run(Promise.all([...calls, tenant()]));

    const log = way.server.log().filter(({ key }) => key.endsWith("one"));
    const beside = log.filter(({ atMs, status }) => status === 200 && atMs >= 6000 && atMs < 18_000);
    expect(drainedBy(log).refused).toBeLessThanOrEqual(0.02 * calls.length);
    expect(beside.length / (6 * perSecond)).toBeGreaterThan(0.97);
  });
});

describe("a quota in a store that several share", () => {
  test("is drained within a hundredth of the least time: fellows are not taken for strangers", async () => {
    const emulator = { rpm: 3000, burst: 50, latency: `${LATENCY_MS}ms` } as const;
    const way = new Way({ emulator });
    const shared = memoryLimiterStore();
    const fellows = Array.from({ length: 8 }, () => {
      return way.layer({ quota: new Quota({ rpm: 3000, burst: 50, store: () => shared }) });
    });

    const calls = Array.from({ length: 800 }, (_, number) => fellows[number % 8]?.(...way.chat(number)));
    await way.clock.run(Promise.all(calls));

    const { refused, makespanMs } = drainedBy(way.server.log());
    expect(refused).toBe(0);
    expect(makespanMs).toBeLessThan(1.01 * boundMs(800, { rpm: 3000, burst: 50 }));
  });
});

describe("how a provider charges", () => {
  const COSTS = [
    ["openai", "openai"],
    ["openai-sum", "openai-sum"],
    ["azure", "openai-sum"],
    ["anthropic", "anthropic"],
    ["gemini", "anthropic"],
    ["cerebras", "cerebras"],
  ] as const;

  test.each(COSTS)("as %s is found in 20 requests that are alone", async (cost, found) => {
    const way = new Way({ emulator: { tpm: 1_000_000, cost, latency: "100ms" }, host: "api.example.com" });
    for (let number = 0; number < 20; number++) {
      // Lengths that tell the formulas apart; without a bound, one of them charges all of the context.
      const maxTokens = number % 3 === 2 ? "unbound" : 100 + 150 * (number % 5);
      await way.clock.run(way.fetch(...way.chat(number, 400 + 600 * (number % 4), maxTokens)));
    }

    expect(way.quota.state()[0]?.costModel).toBe(found);
  });
});

describe("who waits", () => {
  test("is not starved by those who are more important", async () => {
    const way = new Way({ emulator: BUCKET, quota: { rpm: 600, burst: 1, ageing: "2s" } });
    const chat = way.layer({ priority: 1 });
    const ask = (number: number): Promise<Response> => chat(...way.chat(number));
    const before = Array.from({ length: 20 }, (_, number) => ask(number));
    const humble = way.fetch(...way.chat(100)).then(() => way.clock.nowMs());
    const after = Array.from({ length: 200 }, (_, number) => ask(200 + number));

    const [answeredMs] = await way.clock.run(Promise.all([humble, ...before, ...after]));

    // Two seconds of ageing, and then nine others at most; all others together take 22.
    expect(answeredMs).toBeLessThan(5000);
  });

  test("waits no longer than for its own admission where it is important, while a batch runs", async () => {
    const way = new Way({ emulator: BUCKET, quota: { rpm: 3000, burst: 100, interactiveShare: 0.1 } });
    const chat = way.layer({ priority: 1 });
    const batch = Array.from({ length: 500 }, (_, number) => way.fetch(...way.chat(number)));
    const waits: number[] = [];
    const interactive = async (): Promise<void> => {
      for (let number = 0; number < 5; number++) {
        await way.clock.sleep(700);
        const askedMs = way.clock.nowMs();
        await chat(...way.chat(1000 + number));
        waits.push(way.clock.nowMs() - askedMs - LATENCY_MS);
      }
    };

    await way.clock.run(Promise.all([...batch, interactive()]));

    expect(Math.max(...waits)).toBeLessThan(40);
  });

  test("is told at once that its deadline comes first, and when it could go", async () => {
    const way = new Way({ emulator: BUCKET, quota: { rpm: 60, burst: 1 }, options: { deadline: "5s" } });
    const calls = Array.from({ length: 10 }, (_, number) => way.fetch(...way.chat(number)));
    const settled = await way.clock.run(Promise.allSettled(calls));

    const refused = settled.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    expect(refused.length).toBeGreaterThan(3);
    expect(refused[0]).toMatchObject({ code: "BIDE_ADMISSION_DEADLINE" });
    expect(refused[0].retryAfterMs).toBeGreaterThan(4000);
  });

  test("and is larger than the limit fails at once", async () => {
    const way = new Way({ emulator: BUCKET, quota: { tpm: 1000 } });

    await expect(way.clock.run(way.fetch(...way.chat(0, 400, 5000)))).rejects.toMatchObject({
      code: "BIDE_COST_TOO_LARGE",
    });
    expect(way.server.log()).toEqual([]);
  });
});

describe("every place in flight is given back", () => {
  const FAULTS = ["500:20%", "reset:10%", "reset-body:10%", "stall:5%", "error-200:5%"];

  test("however requests end: answers, errors, time-outs, callers who leave, callbacks that throw", async () => {
    const way = new Way({
      emulator: { ...BUCKET, faults: FAULTS },
      quota: { rpm: 6000, burst: 50, concurrency: 20 },
      options: {
        maxAttempts: 2,
        attemptTimeout: "3s",
        onEvent: () => {
          throw new Error("a listener that throws");
        },
      },
    });
    way.quota.on(() => {
      throw new Error("another one");
    });
    const calls = Array.from({ length: 200 }, (_, number) => {
      const [url, init] = way.chat(number);
      const leaving = new AbortController();
      if (number % 7 === 0) way.clock.timer(100 + 13 * number, () => leaving.abort(new Error("left")));
      return way.fetch(url, { ...init, signal: leaving.signal }).then((response) => response.arrayBuffer());
    });

    await way.clock.run(Promise.allSettled(calls));
    await way.clock.advance("10s");

    expect(way.quota.state()).toMatchObject([{ inFlight: 0, queueLength: 0 }]);
  });
});

describe("the state of a quota", () => {
  test("says what binds, when the next call goes, and how long more of them will take", async () => {
    const way = new Way({ emulator: BUCKET, quota: { rpm: 600, burst: 10 } });
    const calls = Array.from({ length: 110 }, (_, number) => way.fetch(...way.chat(number)));
    await way.clock.advance("2s");

    const [lane] = way.quota.state();
    if (lane === undefined) throw new Error("no lane");
    expect(lane).toMatchObject({ model: "m", binds: "requests", costModel: "openai" });
    expect(lane.nextAdmissionMs).toBeLessThan(101);
    expect(lane.drainMs / 100).toBeCloseTo(lane.queueLength, -1);
    expect(timeToAdmitMs(lane, 300) / 100).toBeCloseTo(lane.queueLength + 300, -1);

    await way.clock.run(Promise.all(calls));
    expect(way.quota.state()[0]).toMatchObject({ queueLength: 0, inFlight: 0, drainMs: 0 });
  });
});
