import { describe, expect, test } from "vitest";
import {
  type LimiterStore,
  memoryLimiterStore,
  type ReserveAnswer,
  type ServerLevel,
  type ServerLevels,
} from "../index.js";
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
    "takes every limit for one of now",
    (good) => ({
      sync: (levels, nowMs) =>
        good.sync(
          eachLevel(levels, (level) => ({ ...level, atMs: nowMs })),
          nowMs,
        ),
    }),
    "an answer that is older than the newest brings no old limit back",
  ],
  [
    "gives what the server says is left",
    (good) => ({
      sync: (levels, nowMs) => {
        const remaining = levels["requests"]?.remaining ?? 0;
        if (remaining > 0) void good.settle({ id: 0, cost: { requests: remaining }, actual: {} }, nowMs);
      },
    }),
    "gives nothing for what the server says is left",
  ],
  ...Object.entries({
    "takes less than nothing for nothing": (level: ServerLevel) =>
      (level.remaining ?? 0) < 0 ? { ...level, remaining: 0 } : level,
    "takes what is no number for nothing": (level: ServerLevel) =>
      Number.isNaN(level.remaining) ? { ...level, remaining: 0 } : level,
    "takes a limit below nothing for a small one": (level: ServerLevel) =>
      (level.limit ?? 0) < 0 ? { ...level, remaining: 0 } : level,
    "takes what was not said for nothing": (level: ServerLevel) =>
      level.remaining === undefined && level.limit === undefined ? { remaining: 0 } : level,
  }).map(([title, wrong]): readonly [string, Flaw, string] => [
    title,
    (good) => ({ sync: (levels, nowMs) => good.sync(eachLevel(levels, wrong), nowMs) }),
    "heeds no level that cannot be one, and no currency that it does not know",
  ]),
  [
    "breaks at a currency that it does not know",
    (good) => ({
      sync: (levels, nowMs) => {
        const known = good.state(nowMs).currencies;
        if (Object.keys(levels).some((currency) => !(currency in known))) throw new Error("unknown currency");
        return good.sync(levels, nowMs);
      },
    }),
    "heeds no level that cannot be one, and no currency that it does not know",
  ],
  [
    "takes what is said of a currency that it does not know for what is left of the others",
    (good) => ({
      sync: (levels, nowMs) => {
        const { currencies } = good.state(nowMs);
        const unknown = Object.entries(levels).find(([currency]) => !(currency in currencies));
        return good.sync(unknown ? { requests: unknown[1] } : levels, nowMs);
      },
    }),
    "heeds no level that cannot be one, and no currency that it does not know",
  ],
  [
    "lets a burst that was told grow as well",
    (good) => ({
      update: (rates, nowMs) =>
        good.update(
          rates.map((rate) => ({ ...rate, isLearned: true })),
          nowMs,
        ),
    }),
    "a burst that nobody told grows to what is seen to be left; one that was told does not",
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

/** A level, changed for each currency. */
function eachLevel(levels: ServerLevels, change: (level: ServerLevel) => ServerLevel): ServerLevels {
  return Object.fromEntries(Object.entries(levels).map(([currency, level]) => [currency, change(level)]));
}

describe("the suite for limiter stores", () => {
  test.each(flaws)("catches a store that %s", async (_title, flaw, rule) => {
    expect(await broken(flaw)).toContain(rule);
  });

  test("finds nothing wrong with the store in memory, also where times may be off by a little", async () => {
    expect(await broken(() => ({}))).toEqual([]);
    expect(await broken(() => ({}), 20)).toEqual([]);
    const tooFull: Flaw = (good) => ({
      state: (nowMs) => {
        const state = good.state(nowMs);
        const currencies = Object.entries(state.currencies).map(([name, one]) => [
          name,
          { ...one, level: one.level + 1 },
        ]);
        return { ...state, currencies: Object.fromEntries(currencies) };
      },
    });
    expect(await broken(tooFull, 20)).toEqual(["tells levels, limits and the pause"]);
  });
});
