import fc from "fast-check";
import { expect, test } from "vitest";
import { AdmissionDeadlineError, type Clock, rateLimit } from "../index.js";

const numRuns = Number(process.env["BIDE_PROPERTY_RUNS"] ?? 1000);

/** A clock with the one timer that a limiter may have; moved in steps of microtasks, so that thousands of traces are quick. */
function steppedClock(): Clock & { advanceTo(atMs: number): Promise<void>; readonly dueMs: number } {
  let nowMs = 0;
  let timer: { atMs: number; fire: () => void } | undefined;
  const microtasks = async (): Promise<void> => {
    for (let i = 0; i < 8; i++) await null;
  };
  return {
    nowMs: () => nowMs,
    wallNowMs: () => nowMs,
    sleep: () => Promise.reject(new Error("a limiter sleeps by its timer")),
    timer: (atMs, fire) => {
      if (timer) throw new Error("a second timer");
      const mine = { atMs, fire };
      timer = mine;
      return () => {
        if (timer === mine) timer = undefined;
      };
    },
    get dueMs() {
      return timer?.atMs ?? Number.POSITIVE_INFINITY;
    },
    async advanceTo(atMs) {
      await microtasks();
      while (timer && timer.atMs <= atMs) {
        const { atMs: dueMs, fire } = timer;
        timer = undefined;
        nowMs = Math.max(nowMs, dueMs);
        fire();
        await microtasks();
      }
      nowMs = Math.max(nowMs, Number.isFinite(atMs) ? atMs : nowMs);
    },
  };
}

const arrival = fc.record({
  gapMs: fc.oneof(fc.constant(0), fc.nat(500)),
  priority: fc.constantFrom(0, 0, 0, 1, -1),
  tokens: fc.integer({ min: 0, max: 60 }),
  /** More than reserved, or less; or left alone. */
  extra: fc.option(fc.integer({ min: -60, max: 20 }), { nil: undefined }),
  patienceMs: fc.option(fc.nat(4000), { nil: undefined, freq: 3 }),
  abortAfterMs: fc.option(fc.nat(3000), { nil: undefined, freq: 3 }),
  pauseMs: fc.option(fc.nat(1500), { nil: undefined, freq: 8 }),
});
type Arrival = typeof arrival extends fc.Arbitrary<infer T> ? T : never;

const LIMITS = { requests: { per: "1s", limit: 10, burst: 3 }, tokens: { per: "1s", limit: 100, burst: 30 } } as const;

interface Ended {
  readonly index: number;
  readonly atMs: number;
  readonly error?: unknown;
}

/** Plays the arrivals to the end, and notes how each of them ended. */
async function play(arrivals: readonly Arrival[]): Promise<{ joinedMs: number[]; ended: Ended[]; left: unknown }> {
  const clock = steppedClock();
  const limiter = rateLimit(LIMITS, { clock, ageing: Number.POSITIVE_INFINITY });
  const aborts: { atMs: number; controller: AbortController }[] = [];
  const joinedMs: number[] = [];
  const ended: Ended[] = [];
  const until = async (atMs: number): Promise<void> => {
    aborts.sort((a, b) => a.atMs - b.atMs);
    for (let next = aborts[0]; next && next.atMs <= atMs; next = aborts[0]) {
      aborts.shift();
      await clock.advanceTo(next.atMs);
      next.controller.abort("enough");
    }
    await clock.advanceTo(atMs);
  };
  for (const [index, one] of arrivals.entries()) {
    await until(clock.nowMs() + one.gapMs);
    const nowMs = clock.nowMs();
    const controller = new AbortController();
    if (one.abortAfterMs !== undefined) aborts.push({ atMs: nowMs + one.abortAfterMs, controller });
    if (one.pauseMs !== undefined) limiter.pause(one.pauseMs);
    const deadlineMs = one.patienceMs === undefined ? undefined : nowMs + one.patienceMs;
    joinedMs.push(nowMs);
    limiter.acquire({ tokens: one.tokens }, { signal: controller.signal, deadlineMs, priority: one.priority }).then(
      (reservation) => {
        ended.push({ index, atMs: clock.nowMs() });
        if (one.extra !== undefined) reservation.settle({ tokens: Math.max(0, one.tokens + one.extra) });
      },
      (error: unknown) => ended.push({ index, atMs: clock.nowMs(), error }),
    );
  }
  await until(1e9);
  return { joinedMs, ended, left: [limiter.state().queueLength, clock.dueMs] };
}

test("for any arrivals, aborts, deadlines, pauses and settlements: everybody gets one answer, in order and in time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { maxLength: 40 }), async (arrivals) => {
      const { joinedMs, ended, left } = await play(arrivals);
      expect(left).toEqual([0, Number.POSITIVE_INFINITY]);
      expect(ended.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...arrivals.keys()]);
      const last = new Map<number, number>();
      for (const { index, atMs, error } of ended) {
        const { priority = 0, patienceMs = Number.POSITIVE_INFINITY } = arrivals[index] ?? {};
        const deadlineMs = (joinedMs[index] ?? 0) + patienceMs;
        if (error === undefined) {
          expect(atMs).toBeLessThan(deadlineMs);
          expect(index).toBeGreaterThan(last.get(priority) ?? -1);
          last.set(priority, index);
        } else if (error !== "enough") {
          expect(error).toBeInstanceOf(AdmissionDeadlineError);
          const { retryAfterMs, untilDeadlineMs } = error as AdmissionDeadlineError;
          expect(retryAfterMs).toBeGreaterThanOrEqual(untilDeadlineMs);
          expect(atMs).toBeLessThanOrEqual(deadlineMs);
        }
      }
    }),
    { numRuns },
  );
}, 60_000);

test("for any arrivals, no more goes in any second than the limits allow", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { minLength: 5, maxLength: 40 }), async (arrivals) => {
      const calm = arrivals.map((one) => ({ ...one, extra: undefined }));
      const { ended } = await play(calm);
      const went = ended.filter(({ error }) => error === undefined);
      for (const [first, { atMs: fromMs }] of went.entries()) {
        let [requests, tokens, largest] = [0, 0, 30];
        for (const { index, atMs } of went.slice(first)) {
          const cost = calm[index]?.tokens ?? 0;
          requests += 1;
          tokens += cost;
          largest = Math.max(largest, cost);
          expect(requests).toBeLessThanOrEqual(3 + ((atMs - fromMs) * 10) / 1000 + 1e-3);
          expect(tokens).toBeLessThanOrEqual(largest + ((atMs - fromMs) * 100) / 1000 + 1e-2);
        }
      }
    }),
    { numRuns },
  );
}, 60_000);

test("100,000 who wait are admitted in the order they came, by one timer", async () => {
  const clock = steppedClock();
  const limiter = rateLimit({ requests: { per: "1m", limit: 600, burst: 1 } }, { clock });
  const order: number[] = [];
  for (let i = 0; i < 100_000; i++) void limiter.acquire().then(() => order.push(i));
  expect(limiter.state()).toMatchObject({ queueLength: 99_999, nextAdmissionMs: 100 });
  await clock.advanceTo(1e9);
  expect(order).toEqual(Array.from({ length: 100_000 }, (_, i) => i));
  expect([clock.nowMs(), clock.dueMs]).toEqual([1e9, Number.POSITIVE_INFINITY]);
}, 60_000);
