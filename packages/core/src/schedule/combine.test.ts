import { describe, expect, test, vi } from "vitest";
import {
  concat,
  constant,
  decorrelated,
  expo,
  type Failure,
  longest,
  retry,
  runtime,
  type Schedule,
  shortest,
  take,
} from "../index.js";
import { virtualClock } from "../testing.js";

/** The waits of a run whose attempts fail with these errors. */
async function waitsOf(schedule: Schedule, errors: readonly unknown[]): Promise<readonly number[]> {
  const clock = virtualClock();
  const left = [...errors];
  const policy = retry({ schedule, on: () => true, jitter: null, maxAttempts: 100, maxTime: Infinity, clock });
  const outcome = await clock.run(
    policy.outcome(() => {
      if (left.length > 0) throw left.shift();
    }),
  );
  return outcome.waitsMs;
}

/** A schedule that computes with the failures. */
const carried = runtime(({ error }: Failure) => Number(error));

describe("combined schedules", () => {
  test("take ends after so many waits", () => {
    expect([...take(expo(), 3)]).toEqual([1000, 2000, 4000]);
    expect([...take([1, 2], 3)]).toEqual([1, 2]);
  });

  test("concat goes on with the next when one has ended", () => {
    expect([...concat(take(constant(5), 2), [7], take(expo(), 2))]).toEqual([5, 5, 7, 1000, 2000]);
  });

  test("longest takes the longest wait, and ends with the first that ends", () => {
    expect([...longest([1, 20, 3], [10, 2, 30, 4])]).toEqual([10, 20, 30]);
  });

  test("shortest takes the shortest wait, and ends with the last that ends", () => {
    expect([...shortest([1, 20, 3], [10, 2, 30, 4])]).toEqual([1, 2, 3, 4]);
  });

  test("functions of the failure are combined alike, and see every failure", async () => {
    const errors = [10, 2, 30];
    expect(await waitsOf(take(carried, 2), errors)).toEqual([10, 2]);
    expect(await waitsOf(longest(constant(5), carried), errors)).toEqual([10, 5, 30]);
    expect(await waitsOf(shortest(carried, constant(5)), errors)).toEqual([5, 2, 5]);
  });

  test("a function that begins later is begun with the failure of that time", async () => {
    expect(await waitsOf(concat([1, 1], carried), [10, 20, 30, 40])).toEqual([1, 1, 30, 40]);
  });

  test("a function is handed its first failure when it is called, and each later one by `next`, once", async () => {
    const told: unknown[] = [];
    const schedule: Schedule = ({ error }) => {
      told.push(error);
      return {
        next: (...failures: readonly (Failure | undefined)[]) => {
          told.push(failures[0]?.error);
          return { done: false, value: 1 };
        },
      };
    };
    await waitsOf(take(schedule, 3), [10, 20, 30]);
    expect(told).toEqual([10, undefined, 20, 30]);
  });

  test("a combination can be combined, and begins anew in each run", async () => {
    const schedule = concat(take(longest(expo(), constant(1500)), 2), carried);
    expect(await waitsOf(schedule, [1, 2, 3])).toEqual([1500, 2000, 3]);
    expect(await waitsOf(schedule, [1, 2, 3])).toEqual([1500, 2000, 3]);
  });

  test("what is left closes its parts, as far as they have begun and have not ended", () => {
    const firstOf = (schedule: Iterable<number>): void => {
      for (const _ of schedule) break;
    };
    const closed: string[] = [];
    const part = (name: string, ...waits: number[]): Iterable<number> => ({
      *[Symbol.iterator]() {
        try {
          yield* waits;
          closed.push(`${name} has ended`);
        } finally {
          closed.push(name);
        }
      },
    });
    firstOf(longest(part("a", 1), part("b", 2)));
    firstOf(shortest(part("c", 1), part("d", 2)));
    firstOf(concat(part("e", 1), part("never", 2)));
    firstOf(take(concat(part("f", 1)), 5));
    expect(closed.splice(0)).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect([...take(part("a", 1, 2, 3), 2)]).toEqual([1, 2]);
    expect([...longest(part("b", 1, 2), part("c", 3))]).toEqual([3]);
    expect(closed).toEqual(["a", "c has ended", "c", "b"]);
  });

  test("what has ended is not asked again while another goes on", () => {
    const next = vi.fn(() => ({ done: true as const, value: undefined }));
    const over = { [Symbol.iterator]: () => ({ next }) };
    expect([...shortest(over, [1, 2, 3])]).toEqual([1, 2, 3]);
    expect([...concat(over, [1, 2, 3])]).toEqual([1, 2, 3]);
    expect(next).toHaveBeenCalledTimes(2);
  });

  test("what is random throughout is not jittered again, and what is so in part is", async () => {
    const clock = virtualClock();
    const random = (): number => 0;
    const chance = decorrelated({ base: 100, random: () => 0.5 });
    const waits = async (schedule: Schedule): Promise<readonly number[]> => {
      const policy = retry({ schedule, maxAttempts: 2, random, clock });
      return (await clock.run(policy.outcome(() => Promise.reject(new Error("no"))))).waitsMs;
    };
    expect(await waits(take(longest(chance, chance), 5))).toEqual([200]);
    expect(await waits(longest(chance, constant(1)))).toEqual([0]);
  });

  test("nothing to combine, and nothing to take, is refused", () => {
    expect(() => concat()).toThrow("expected at least one schedule to combine, got none");
    expect(() => concat()).toThrow(expect.objectContaining({ option: "schedule" }));
    expect(() => take(expo(), 0)).toThrow("expected `count` to be an integer >= 1, got `0` (number)");
    expect(() => take(expo(), Number.POSITIVE_INFINITY)).toThrow("expected `count` to be an integer >= 1");
    expect(() => longest(expo(), [])).toThrow("expected `schedule` to hold at least one wait, got none");
  });
});
