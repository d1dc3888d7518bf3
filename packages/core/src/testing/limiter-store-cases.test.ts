import { describe, expect, test } from "vitest";
import { type LimiterStore, memoryLimiterStore, type ReserveAnswer } from "../index.js";
import { limiterStoreCases } from "../testing.js";

type Flaw = (good: LimiterStore) => Partial<LimiterStore>;

/** The titles of the rules that a store with this flaw breaks. */
async function broken(flaw: Flaw, toleranceMs?: number): Promise<string[]> {
  const cases = limiterStoreCases(() => {
    let ms = 1000;
    const good = memoryLimiterStore();
    const store: LimiterStore = {
      reserve: (...args) => good.reserve(...args),
      settle: (...args) => good.settle(...args),
      sync: (...args) => good.sync(...args),
      pause: (...args) => good.pause(...args),
      update: (...args) => good.update(...args),
      state: (...args) => good.state(...args),
      ...flaw(good),
    };
    return {
      store,
      toleranceMs,
      nowMs: () => ms,
      advance: (by) => {
        ms += by;
      },
    };
  });
  const titles: string[] = [];
  for (const { title, run } of cases) await run().catch(() => titles.push(title));
  return titles;
}

const flaws: readonly (readonly [string, Flaw, string])[] = [
  [
    "admits a moment too early",
    (good) => ({
      reserve: (request, nowMs) => {
        const answer = good.reserve(request, nowMs) as ReserveAnswer;
        return answer.kind === "wait" && answer.waitMs <= 1 ? { kind: "admitted", id: 0 } : answer;
      },
    }),
    "admits at the time that it named, and not before",
  ],
  [
    "names too long a wait",
    (good) => ({
      reserve: (request, nowMs) => {
        const answer = good.reserve(request, nowMs) as ReserveAnswer;
        return answer.kind === "wait" ? { ...answer, waitMs: answer.waitMs + 1 } : answer;
      },
    }),
    "lets the burst go at once, and names the time until the next",
  ],
  [
    "admits everything",
    () => ({ reserve: () => ({ kind: "admitted", id: 1 }) }),
    "refuses what costs more than one request may, and takes nothing for it",
  ],
  [
    "lets everybody use the whole burst",
    (good) => ({ reserve: (request, nowMs) => good.reserve({ ...request, keepFree: 0 }, nowMs) }),
    "leaves the share that is to be kept free to those who may use it",
  ],
  ["settles nothing", () => ({ settle: () => undefined }), "gives back what a request did not cost"],
  ["hears no pause", () => ({ pause: () => undefined }), "lets nobody go during a pause, whatever it costs"],
  ["hears no server", () => ({ sync: () => undefined }), "takes away what the server says is gone"],
  [
    "takes every reading for one of now",
    (good) => ({
      sync: ({ requests, ...others }, nowMs) =>
        good.sync({ ...others, ...(requests && { requests: { ...requests, atMs: nowMs } }) }, nowMs),
    }),
    "counts what was reserved after a level was true, and what came in since",
  ],
  [
    "says nothing of a pause",
    (good) => ({ state: (nowMs) => ({ ...good.state(nowMs), pausedUntilMs: undefined }) }),
    "tells levels, limits and the pause",
  ],
  [
    "knows of nothing",
    () => ({ state: () => ({ currencies: {}, pausedUntilMs: undefined }) }),
    "tells levels, limits and the pause",
  ],
];

describe("the suite for limiter stores", () => {
  test.each(flaws)("catches a store that %s", async (_title, flaw, rule) => {
    expect(await broken(flaw)).toContain(rule);
  });

  test("finds nothing wrong with the store in memory, also where times may be off by a little", async () => {
    expect(await broken(() => ({}))).toEqual([]);
    expect(await broken(() => ({}), 20)).toEqual([]);
  });
});
