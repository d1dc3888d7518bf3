import { describe, expect, test, vi } from "vitest";
import {
  constant,
  type DecayOptions,
  decay,
  decorrelated,
  type ExpoOptions,
  expo,
  type Failure,
  type FiboOptions,
  fibo,
  OptionError,
  polynomial,
  runtime,
} from "../index.js";

/** The first waits of a schedule. */
function first(schedule: Iterable<number>, count = Number.POSITIVE_INFINITY): number[] {
  const waits: number[] = [];
  for (const wait of schedule) {
    waits.push(wait);
    if (waits.length >= count) break;
  }
  return waits;
}

const seconds = (waits: readonly number[]): number[] => waits.map((wait) => wait * 1000);

/** What backoff 2.2.1 yields, in seconds. */
const expoRows: readonly [ExpoOptions, number[]][] = [
  [{}, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]],
  [{ base: 3 }, [1, 3, 9, 27, 81, 243, 729]],
  [{ factor: "3s" }, [3, 6, 12, 24, 48, 96]],
  [{ base: 3, factor: "5s" }, [5, 15, 45, 135, 405, 1215]],
  [{ factor: "0.5s" }, [0.5, 1, 2, 4, 8, 16, 32]],
  [{ base: 1.5 }, [1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625]],
  [{ max: "16s" }, [1, 2, 4, 8, 16, 16, 16]],
  [{ max: "10s" }, [1, 2, 4, 8, 10, 10]],
  [{ factor: "0.1s", max: "1s" }, [0.1, 0.2, 0.4, 0.8, 1, 1]],
  [{ base: 10, factor: "10ms", max: "7.5s" }, [0.01, 0.1, 1, 7.5, 7.5]],
  [{ base: 1 }, [1, 1, 1]],
  [{ base: 0.5 }, [1, 0.5, 0.25, 0.125]],
  [{ base: 0 }, [1, 0, 0]],
];

const fiboRows: readonly [FiboOptions, number[]][] = [
  [{}, [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987]],
  [{ max: "8s" }, [1, 1, 2, 3, 5, 8, 8]],
  [{ max: "10s" }, [1, 1, 2, 3, 5, 8, 10, 10]],
  [{ max: "1s" }, [1, 1]],
];

const decayRows: readonly [DecayOptions, number[]][] = [
  [{}, [1, 0.36787944117144233, 0.1353352832366127, 0.04978706836786395, 0.018315638888734186, 0.006737946999085469]],
  [
    { initial: "100s", decay: 0.5, min: "10s" },
    [100, 60.653065971263345, 36.787944117144235, 22.313016014842983, 13.53352832366127, 10, 10],
  ],
  [{ initial: "100s", decay: 3, min: "5s" }, [100, 5, 5]],
  [{ min: "2s" }, [2, 2]],
];

describe("the waits of backoff, in milliseconds", () => {
  test.each(expoRows)("expo(%j)", (options, waits) => {
    expect(first(expo(options), waits.length)).toEqual(seconds(waits));
  });

  test.each(fiboRows)("fibo(%j)", (options, waits) => {
    expect(first(fibo(options), waits.length)).toEqual(seconds(waits));
  });

  test.each(decayRows)("decay(%j)", (options, waits) => {
    const ours = first(decay(options), waits.length);
    for (const [index, wait] of seconds(waits).entries()) expect(ours[index]).toBeCloseTo(wait, 9);
  });

  test("constant: one wait for ever, or each of a list once", () => {
    expect(first(constant(), 3)).toEqual([1000, 1000, 1000]);
    expect(first(constant("3s"), 9)).toEqual(Array(9).fill(3000));
    expect(first(constant(["1s", "2s", 3000]))).toEqual([1000, 2000, 3000]);
    expect(first(constant(new Set([1, 2])))).toEqual([1, 2]);
  });
});

describe("schedules", () => {
  test("a capped schedule stays at its cap when the uncapped one would overflow", () => {
    const waits = first(expo({ max: "30s" }), 2000);
    expect(waits.at(-1)).toBe(30_000);
    expect(first(expo({ factor: 0, max: "30s" }), 2000).at(-1)).toBe(0);
  });

  test("the same schedule begins anew for each run", () => {
    const schedule = fibo();
    expect([first(schedule, 4), first(schedule, 4)]).toEqual(Array(2).fill([1000, 1000, 2000, 3000]));
  });

  test("polynomial grows by the power of the attempt, up to its cap", () => {
    expect(first(polynomial({ max: "20s" }), 6)).toEqual([1000, 4000, 9000, 16_000, 20_000, 20_000]);
    expect(first(polynomial({ exponent: 1, factor: 100 }), 4)).toEqual([100, 200, 300, 400]);
    expect(first(polynomial({ exponent: 0, factor: 100 }), 2)).toEqual([100, 100]);
  });

  test("numbers may be functions, each read once in each run", () => {
    const [base, factor, max] = [vi.fn(() => 3), vi.fn(() => "10ms" as const), vi.fn(() => "50ms" as const)];
    const schedule = expo({ base, factor, max });
    expect([first(schedule, 3), first(schedule, 3)]).toEqual(Array(2).fill([10, 30, 50]));
    expect([base, factor, max].map((number) => number.mock.calls.length)).toEqual([2, 2, 2]);
  });

  test("what a function of an option returns is checked when it is read", () => {
    expect(() => first(expo({ factor: () => -1 }), 1)).toThrow(OptionError);
    expect(() =>
      first(
        constant(() => Number.NaN),
        1,
      ),
    ).toThrow('expected `interval` to be a duration >= 0, such as 250 (ms), "250ms" or "1.5s", got `NaN` (number)');
    expect(first(decay({ initial: () => "2s", decay: () => 0, min: () => 0 }), 2)).toEqual([2000, 2000]);
    expect(first(polynomial({ exponent: () => 1 }), 2)).toEqual([1000, 2000]);
    expect(first(fibo({ factor: () => 1, max: () => 3 }), 5)).toEqual([1, 1, 2, 3, 3]);
  });

  test.each<[option: string, schedule: () => Iterable<number>]>([
    ["interval", () => constant(() => -1)],
    ["interval", () => constant(new Set([-1]))],
    ["min", () => decay({ min: () => -1 })],
    ["initial", () => decay({ initial: () => -1 })],
    ["max", () => decorrelated({ max: () => -1 })],
    ["base", () => decorrelated({ base: () => -1 })],
    ["max", () => expo({ max: () => -1 })],
    ["factor", () => expo({ factor: () => -1 })],
    ["max", () => expo({ max: -1 })],
  ])("a bad `%s` is called by its name: %#", (option, schedule) => {
    expect(() => first(schedule(), 1)).toThrow(`expected \`${option}\` to be a duration >= 0`);
  });

  test("runtime computes each wait with its failure, and its answer is checked", () => {
    const failed = (error: unknown) => ({ kind: "error", error, attempt: 1, elapsedMs: 0 }) as const;
    const schedule = runtime(({ error }) => error as number) as (first: Failure) => Iterator<number, void, Failure>;
    const waits = schedule(failed(5));
    expect([waits.next(failed(5)).value, waits.next(failed(7)).value]).toEqual([5, 7]);
    expect(() => waits.next(failed(-1))).toThrow("expected `value` to be a duration >= 0");
  });

  test("decorrelated waits between its base and three times the wait before, never above its cap", () => {
    const top = decorrelated({ base: 100, max: 1000, random: () => 1 - 2 ** -53 });
    expect(first(top, 4).map(Math.round)).toEqual([300, 900, 1000, 1000]);
    const bottom = decorrelated({ base: 100, max: 1000, random: () => 0 });
    expect(first(bottom, 3)).toEqual([100, 100, 100]);
    expect(first(decorrelated({ base: () => 5, max: () => 2 }), 2)).toEqual([2, 2]);
  });

  test("decorrelated callers at the cap do not wake together", () => {
    const waits = first(decorrelated({ base: 100, max: 1000 }), 1000).slice(10);
    expect(new Set(waits).size).toBe(waits.length);
    for (const wait of waits) expect(wait >= 100 && wait < 1000).toBe(true);
  });
});
