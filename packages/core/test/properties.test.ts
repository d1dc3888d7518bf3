import { getEventListeners } from "node:events";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  type Attempt,
  type Budget,
  circuitBreaker,
  compose,
  concat,
  concurrencyLimit,
  constant,
  decay,
  decorrelated,
  describe as describeLayers,
  equalJitter,
  expo,
  fallback,
  fibo,
  fullJitter,
  hedge,
  type Jitter,
  longest,
  type Outcome,
  observe,
  type Policy,
  type PolicyEvent,
  polynomial,
  type RetryBudget,
  type RetryOptions,
  randomJitter,
  rateLimit,
  retry,
  retryBudget,
  runtime,
  type Schedule,
  shortest,
  take,
  timeout,
} from "../src/index.js";
import type { AnyPolicy } from "../src/policy.js";
import { type QuickClock, quickClock } from "./quick-clock.js";
import { seeded } from "./seeded.js";

// Each property is tried on 10,000 cases; a mutant has to show in fewer.
const settings = { numRuns: Number(process.env["BIDE_PROPERTY_RUNS"] ?? 10_000) };
vi.setConfig({ testTimeout: 120_000 });

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const ms = fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e6, noNaN: true }));
const seed = fc.integer();

/** Schedules with the longest wait that they may make. */
const capped: fc.Arbitrary<{ schedule: Iterable<number>; capMs: number }> = fc
  .record({ a: ms, b: ms, shape: fc.double({ min: 0, max: 4, noNaN: true }), seed, kind: fc.nat(5) })
  .map(({ a, b, shape, seed: start, kind }) => {
    const factor = Math.min(a, b);
    const max = Math.max(a, b);
    const made = [
      () => expo({ base: shape, factor, max }),
      () => fibo({ factor, max }),
      () => polynomial({ exponent: shape, factor, max }),
      () => decorrelated({ base: factor, max, random: seeded(start) }),
      () => decay({ initial: max, decay: shape, min: factor }),
      () => constant([factor, max]),
    ][kind] as () => Iterable<number>;
    return { schedule: made(), capMs: max };
  });

const firstWaits = (schedule: Iterable<number>, count = 30): number[] => [...take(schedule, count)];

describe("invariant 1: waits stay within their bounds, and callers who failed together come back apart", () => {
  test("no wait of a schedule is above its cap, or below nothing", () => {
    fc.assert(
      fc.property(capped, ({ schedule, capMs }) => {
        expect(firstWaits(schedule).every((waitMs) => waitMs >= 0 && waitMs <= capMs)).toBe(true);
      }),
      settings,
    );
  });

  test("combinations keep within the caps of their parts", () => {
    fc.assert(
      fc.property(capped, capped, fc.integer({ min: 1, max: 9 }), (one, other, count) => {
        const [a, b] = [one.schedule, other.schedule];
        const within = (capMs: number, waits: readonly number[]): boolean => waits.every((waitMs) => waitMs <= capMs);
        const most = Math.max(one.capMs, other.capMs);
        expect(within(most, firstWaits(longest(a, b)))).toBe(true);
        expect(within(most, firstWaits(concat(take(a, count), b)))).toBe(true);
        // As long as both have waits, the shorter one is within the smaller cap.
        const both = firstWaits(longest(a, b)).length;
        expect(within(Math.min(one.capMs, other.capMs), firstWaits(shortest(a, b)).slice(0, both))).toBe(true);
      }),
      settings,
    );
  });

  test("full and equal jitter never raise a wait, equal jitter keeps half of it, randomJitter adds at most its spread", () => {
    fc.assert(
      fc.property(ms, ms, chance, (waitMs, spreadMs, share) => {
        const random = (): number => share;
        const full = fullJitter(waitMs, random);
        const equal = equalJitter(waitMs, random);
        const added = randomJitter(spreadMs)(waitMs, random) - waitMs;
        expect(full >= 0 && full <= waitMs).toBe(true);
        expect(equal >= waitMs / 2 && equal <= waitMs).toBe(true);
        expect(added).toBeGreaterThanOrEqual(0);
        expect(added).toBeLessThanOrEqual(spreadMs + 1e-9 * waitMs);
      }),
      settings,
    );
  });

  test("two who fail together do not wake together, at the cap as well", async () => {
    const jitters: Jitter[] = [fullJitter, equalJitter, randomJitter, randomJitter("5s")];
    const apart = fc.tuple(chance, chance).filter(([one, other]) => Math.abs(one - other) > 1e-6);
    await fc.assert(
      fc.asyncProperty(apart, fc.constantFrom(...jitters), fc.nat(8), async (chances, jitter, failures) => {
        const clock = quickClock();
        const wokenMs = chances.map((share) => {
          const woken: number[] = [];
          const operation = (): Promise<never> => {
            woken.push(clock.nowMs());
            return Promise.reject(new Error("no"));
          };
          const schedule = expo({ factor: 100, max: 1600 });
          const unbounded = { maxAttempts: failures + 2, maxTime: Number.POSITIVE_INFINITY };
          retry(operation, { schedule, jitter, random: () => share, clock, ...unbounded }).catch(() => undefined);
          return woken;
        });
        await clock.runUntil(Number.POSITIVE_INFINITY);
        const [one = [], other = []] = wokenMs;
        expect(one.length).toBe(failures + 2);
        for (const [index, wokenAtMs] of one.entries()) if (index > 0) expect(wokenAtMs).not.toBe(other[index]);
      }),
      settings,
    );
  });
});

interface Script {
  readonly takesMs: number;
  readonly ending: "value" | "error" | "fatal" | "hang";
  readonly hintMs: number | undefined;
}

const script: fc.Arbitrary<Script> = fc.record({
  takesMs: fc.oneof(fc.constant(0), fc.nat(3000)),
  ending: fc.constantFrom("value", "error", "error", "error", "error", "fatal", "hang"),
  hintMs: fc.option(fc.nat(5000), { nil: undefined, freq: 3 }),
});

class Hinted extends Error {
  constructor(readonly hintMs: number | undefined) {
    super("no");
  }
}

/** An operation that follows a script, the last line for ever; keeps when each call began and ended. */
function acted(clock: QuickClock, lines: readonly Script[]) {
  const calls: { readonly beganMs: number; endedMs: number }[] = [];
  const operation = async ({ signal }: Attempt): Promise<string> => {
    const { takesMs, ending, hintMs } = lines[Math.min(calls.length, lines.length - 1)] as Script;
    const call = { beganMs: clock.nowMs(), endedMs: Number.POSITIVE_INFINITY };
    calls.push(call);
    try {
      await clock.sleep(ending === "hang" ? 1e9 : takesMs, signal);
    } finally {
      call.endedMs = clock.nowMs();
    }
    if (ending === "value") return "value";
    throw ending === "fatal" ? new TypeError("mine") : new Hinted(hintMs);
  };
  return { operation, calls };
}

const bounds = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 8 }),
  maxTime: fc.oneof(fc.nat(20_000), fc.constant(Number.POSITIVE_INFINITY)),
  deadline: fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.constant(Number.POSITIVE_INFINITY)),
  attemptTimeout: fc.oneof(fc.integer({ min: 1, max: 4000 }), fc.constant(Number.POSITIVE_INFINITY)),
});

test("attempts, the sum of the waits and the time are within their bounds, and no wait is shorter than the hint", async () => {
  const lines = fc.array(script, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(bounds, capped, lines, seed, async (given, { schedule }, told, start) => {
      const clock = quickClock();
      const { operation, calls } = acted(clock, told);
      const policy = retry({
        ...given,
        schedule,
        clock,
        random: seeded(start),
        retryAfter: ({ error }) => (error instanceof Hinted ? error.hintMs : undefined),
      });
      let outcome: Outcome<string> | undefined;
      let endedMs = 0;
      void policy.outcome(operation).then((ended) => {
        outcome = ended;
        endedMs = clock.nowMs();
      });
      await clock.runUntil(1e8);
      // A hang that nothing bounds is waited for; everything else has ended.
      if (outcome === undefined) {
        expect([given.deadline, given.attemptTimeout]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
        return;
      }
      const { attempts, waitsMs } = outcome;
      const waitedMs = waitsMs.reduce((sum, waitMs) => sum + waitMs, 0);
      expect(attempts).toBe(calls.length);
      expect(attempts).toBeLessThanOrEqual(given.maxAttempts);
      expect(waitedMs).toBeLessThanOrEqual(Math.min(given.maxTime, given.deadline) + 1e-6);
      expect(endedMs).toBeLessThanOrEqual(given.deadline);
      for (const [index, { beganMs }] of calls.entries()) {
        expect(beganMs).toBeLessThanOrEqual(given.maxTime + 1e-6);
        expect(beganMs).toBeLessThan(given.deadline);
        const before = calls[index - 1];
        const hint = told[Math.min(index - 1, told.length - 1)];
        if (
          before &&
          hint?.ending === "error" &&
          before.endedMs - before.beganMs === hint.takesMs &&
          hint.takesMs < given.attemptTimeout
        )
          expect(beganMs - before.endedMs).toBeGreaterThanOrEqual((hint.hintMs ?? 0) - 1e-6);
      }
      expect(clock.pending).toBe(0);
    }),
    settings,
  );
});

describe("a budget is never overdrawn, for any trace", () => {
  const step = fc.oneof(
    fc.constant({ kind: "start" } as const),
    fc.record({ kind: fc.constant("success" as const), extra: fc.boolean() }),
    fc.constant({ kind: "failure" } as const),
    fc.record({ kind: fc.constant("withdraw" as const), isThrottle: fc.boolean() }),
    fc.record({ kind: fc.constant("time" as const), ms: fc.nat(5000) }),
  );
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
  const trace = fc.array(step, { maxLength: 200 });
  const failure = (isThrottle: boolean) =>
    ({ kind: "error", error: { status: isThrottle ? 429 : 500 }, attempt: 1, elapsedMs: 0 }) as const;

  interface Totals {
    starts: number;
    successes: number;
    granted: number;
    ms: number;
  }

  /** Plays one step, and adds it to the totals. */
  function playStep(budget: RetryBudget, clock: { ms: number }, one: Step, totals: Totals): void {
    switch (one.kind) {
      case "start":
        totals.starts++;
        budget.started?.();
        break;
      case "success":
        totals.successes++;
        budget.deposit(one.extra, one.extra ? failure(false) : undefined);
        break;
      case "failure":
        budget.failed?.(failure(false));
        break;
      case "time":
        clock.ms += one.ms;
        totals.ms += one.ms;
        break;
      case "withdraw":
        totals.granted += budget.withdraw(failure(one.isThrottle)) ? 1 : 0;
    }
  }

  /** Plays a trace: after each step the tokens are within the capacity, and what was granted is within `most`. */
  function play(budget: RetryBudget, clock: { ms: number }, steps: readonly Step[], most: (totals: Totals) => number) {
    const totals: Totals = { starts: 0, successes: 0, granted: 0, ms: 0 };
    for (const one of steps) {
      playStep(budget, clock, one, totals);
      const { tokens, capacity } = budget.state();
      const isWithin = tokens >= 0 && tokens <= capacity && totals.granted <= most(totals) + 1e-6;
      if (!isWithin) expect({ totals, tokens, capacity, most: most(totals) }).toBe("within its bounds");
    }
  }

  const handClock = () => {
    const clock = { ms: 0, nowMs: () => clock.ms, wallNowMs: () => clock.ms, sleep: () => Promise.resolve() };
    return clock;
  };

  test("deposits on success: retries ≤ capacity + perSuccess · successes + perSecond · seconds", () => {
    const rules = fc.record({
      capacity: fc.integer({ min: 1, max: 20 }),
      perSuccess: fc.double({ min: 0, max: 1, noNaN: true }),
      perSecond: fc.double({ min: 0, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(rules, trace, (given, steps) => {
        const clock = handClock();
        const { capacity, perSuccess, perSecond } = given;
        play(
          retryBudget({ ...given, clock }),
          clock,
          steps,
          ({ successes, ms: passedMs }) => capacity + perSuccess * successes + (perSecond * passedMs) / 1000,
        );
      }),
      settings,
    );
  });

  test("gRPC: never granted at half or below, AWS: 500 tokens and what successes give back, Finagle: a fifth and ten a second", () => {
    fc.assert(
      fc.property(trace, (steps) => {
        // A retry costs nothing by itself: what bounds it is that each failure takes a token.
        const grpc = retryBudget.grpc();
        for (const one of steps) {
          if (one.kind === "success") grpc.deposit(one.extra);
          else if (one.kind === "failure") grpc.failed?.(failure(false));
          const { tokens } = grpc.state();
          const isRight =
            tokens >= 0 && tokens <= 10 && (one.kind !== "withdraw" || grpc.withdraw(failure(false)) === tokens > 5);
          if (!isRight) expect({ one, tokens }).toBe("granted above half, and only there");
        }
        const aws = handClock();
        play(retryBudget.aws(), aws, steps, ({ successes }) => (500 + 14 * successes) / 5);
        const finagle = handClock();
        play(
          retryBudget.finagle({ clock: finagle }),
          finagle,
          steps,
          // What has left the window was spent in it or is lost: ten seconds' worth may be spent at once, then ten a second.
          ({ starts, ms: passedMs }) => 0.2 * starts + 10 * (10 + passedMs / 1000) * (10 / 9),
        );
      }),
      settings,
    );
  });

  test("and a run makes no retry that its budget did not grant", async () => {
    const answers = fc.array(fc.boolean(), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(answers, fc.integer({ min: 1, max: 12 }), fc.boolean(), async (granted, maxAttempts, isLate) => {
        const clock = quickClock();
        let asked = 0;
        const answer = (): boolean => granted[asked++] ?? false;
        const budget: Budget = {
          deposit: () => undefined,
          withdraw: () => (isLate ? clock.sleep(5).then(answer) : answer()),
        };
        const policy = retry({
          maxAttempts,
          budget,
          clock,
          schedule: constant(10),
          maxTime: Number.POSITIVE_INFINITY,
        });
        const outcome = policy.outcome(() => Promise.reject(new Error("no")));
        await clock.runUntil(Number.POSITIVE_INFINITY);
        const allowed = granted.findIndex((isGranted) => !isGranted);
        const retries = Math.min(allowed < 0 ? granted.length : allowed, maxAttempts - 1);
        expect((await outcome).attempts).toBe(1 + retries);
        // It is asked last of all: never for a retry that another bound forbids.
        expect(asked).toBe(Math.min(retries + 1, maxAttempts - 1));
      }),
      settings,
    );
  });
});

test("an abort at any step of any schedule ends the run, and leaves no timer and no listener", async () => {
  const schedules: fc.Arbitrary<Schedule> = fc.oneof(
    capped.map(({ schedule }) => schedule),
    fc.tuple(capped, capped).map(([one, other]) => longest(one.schedule, other.schedule)),
    fc.array(fc.nat(5000), { minLength: 1, maxLength: 9 }),
    fc.nat(5000).map((waitMs): Schedule => runtime(() => waitMs)),
    fc.nat(50).map(
      (stepMs): Schedule =>
        function* (first) {
          for (let failure = first; ; ) failure = yield stepMs * failure.attempt;
        },
    ),
  );
  const jitters = fc.constantFrom(null, fullJitter, equalJitter, randomJitter);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        schedule: schedules,
        jitter: jitters,
        seed,
        bounds,
        takesMs: fc.nat(500),
        steps: fc.nat(12),
        obeys: fc.boolean(),
      }),
      async (given) => {
        const clock = quickClock();
        const controller = new AbortController();
        const { signal } = controller;
        let calls = 0;
        let deaf = 0;
        const operation = async (attempt: Attempt): Promise<never> => {
          calls++;
          deaf += given.obeys ? 0 : 1;
          await clock.sleep(given.takesMs, given.obeys ? attempt.signal : undefined);
          deaf -= given.obeys ? 0 : 1;
          throw new Error("no");
        };
        const { bounds: limits, schedule, jitter } = given;
        const options: RetryOptions = {
          ...limits,
          maxAttempts: 20,
          schedule,
          jitter,
          random: seeded(given.seed),
          clock,
        };
        const settled = Promise.allSettled([retry(options).run(operation, { signal })]);
        // So many timers fire; then, whatever the run is waiting for, the abort.
        for (let step = 0; step < given.steps && clock.pending > 0; step++) {
          clock.moveOn();
          await new Promise((resolve) => setImmediate(resolve));
        }
        const hadEnded = getEventListeners(signal, "abort").length === 0;
        controller.abort("enough");
        const callsAtAbort = calls;
        const [result] = await settled;
        if (!hadEnded) expect(result).toEqual({ status: "rejected", reason: "enough" });
        expect(getEventListeners(signal, "abort").length).toBe(0);
        // Operations that do not obey sleep on; the run has no timer of its own left.
        expect(clock.pending).toBe(deaf);
        await clock.runUntil(Number.POSITIVE_INFINITY);
        expect([calls, clock.pending]).toEqual([callsAtAbort, 0]);
      },
    ),
    settings,
  );
});

test("compose is associative: however layers are grouped, results, times and events are the same", async () => {
  type Make = (clock: QuickClock, start: number) => AnyPolicy;
  const layers: readonly Make[] = [
    (clock, start) => retry({ schedule: [100, 700], random: seeded(start), clock, name: "r" }),
    (clock) => retry({ schedule: constant(50), jitter: null, maxAttempts: 2, attemptTimeout: 900, clock }),
    (clock) => timeout(1500, { clock, name: "t" }),
    (clock) => circuitBreaker({ minimumCalls: 2, window: { calls: 4 }, openFor: 800, clock, name: "c" }),
    (clock) => hedge({ delay: 300, clock, name: "h" }),
    (clock) => concurrencyLimit({ limit: 1, clock, name: "l" }),
    (clock) => rateLimit({ requests: { per: "1s", limit: 2, burst: 1 } }, { clock, name: "q" }),
    (clock) => fallback("other", { on: Hinted, clock, name: "f" }),
  ];
  const groupings: readonly ((a: AnyPolicy, b: AnyPolicy, c: AnyPolicy) => AnyPolicy)[] = [
    (a, b, c) => compose(a, b, c),
    (a, b, c) => compose(compose(a, b), c),
    (a, b, c) => compose(a, compose(b, c)),
  ];

  async function seen(
    grouping: (typeof groupings)[number],
    picked: readonly number[],
    told: readonly Script[],
    start: number,
  ) {
    const clock = quickClock();
    const [a, b, c] = picked.map((index) => (layers[index] as Make)(clock, start)) as [AnyPolicy, AnyPolicy, AnyPolicy];
    const events: PolicyEvent[] = [];
    const stop = observe((event) => events.push(event));
    const { operation, calls } = acted(clock, told);
    const policy = grouping(a, b, c) as Policy;
    const outcomes: unknown[] = [];
    for (let run = 0; run < 2; run++)
      void policy
        .outcome(operation, { deadlineMs: 9000 })
        .then((outcome) =>
          outcomes.push([clock.nowMs(), outcome.ok ? outcome.value : String(outcome.reason), outcome.attempts]),
        );
    await clock.runUntil(Number.POSITIVE_INFINITY);
    stop();
    return JSON.stringify({
      outcomes,
      calls,
      events,
      described: String(describeLayers(policy)),
      pending: clock.pending,
    });
  }

  const three = fc.array(fc.nat(layers.length - 1), { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(three, fc.array(script, { minLength: 1, maxLength: 6 }), seed, async (picked, told, start) => {
      const all = [];
      for (const grouping of groupings) all.push(await seen(grouping, picked, told, start));
      for (const one of all) expect(one).toBe(all[0]);
    }),
    settings,
  );
});

test("compose does what its layers do when one is run inside the other by hand", async () => {
  type Make = (clock: QuickClock, start: number) => Policy;
  const layers: readonly Make[] = [
    (clock, start) => retry({ schedule: [100, 700], random: seeded(start), clock }),
    (clock) => retry({ schedule: constant(50), jitter: null, maxAttempts: 2, attemptTimeout: 901, clock }),
    (clock) => retry({ schedule: [10, 10, 10], jitter: null, deadline: 1203, clock }),
    (clock) => timeout(1507, { clock }),
    (clock) => timeout(701, { clock }),
    (clock) => circuitBreaker({ minimumCalls: 2, window: { calls: 4 }, openFor: 803, clock }),
    (clock) => concurrencyLimit({ limit: 1, clock }),
    (clock) => fallback("other", { on: Hinted, clock }) as Policy,
  ];
  type Put = (policies: readonly Policy[]) => Pick<Policy, "run">;
  const byCompose: Put = (policies) => compose(...policies) as Policy;
  const byHand: Put = (policies) =>
    policies.reduceRight<Pick<Policy, "run">>(
      (inner, outer) => ({
        run: (operation, options) => outer.run((attempt) => inner.run(operation, attempt), options),
      }),
      { run: async (operation, options) => operation(options as Attempt) },
    );

  async function seen(put: Put, picked: readonly number[], told: readonly Script[], start: number, abortMs: number) {
    const clock = quickClock();
    const { operation, calls } = acted(clock, told);
    const policy = put(picked.map((index) => (layers[index] as Make)(clock, start)));
    const ended: unknown[] = [];
    const all = async (): Promise<void> => {
      // One after the other, and the abort at a moment of its own: what happens at one moment has no order that could be held.
      for (let run = 0; run < 3; run++, await clock.sleep(0.5)) {
        const controller = new AbortController();
        void clock.sleep(abortMs + 0.25).then(() => controller.abort("enough"));
        const note = (how: unknown): unknown => ended.push([clock.nowMs(), String(how)]);
        await policy.run(operation, { signal: controller.signal, deadlineMs: clock.nowMs() + 9001 }).then(note, note);
      }
    };
    void all();
    await clock.runUntil(Number.POSITIVE_INFINITY);
    return { ended, calls, pending: clock.pending };
  }

  const some = fc.array(fc.nat(layers.length - 1), { minLength: 2, maxLength: 5 });
  const line = script.map((one) => ({ ...one, takesMs: one.takesMs + 0.125 }));
  const told = fc.array(line, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(some, told, seed, fc.nat(12_000), async (picked, lines, start, abortMs) => {
      expect(await seen(byCompose, picked, lines, start, abortMs)).toEqual(
        await seen(byHand, picked, lines, start, abortMs),
      );
    }),
    settings,
  );
});
