import { describe, expect, test } from "vitest";
import { OtherUse } from "./other-use.js";

const PER_MS = 0.05;

/** A bucket of 100 that both empty: we take so much per millisecond, others the rest, and every answer is read. */
function watched(ours: number, theirs: number, ms: number): OtherUse {
  const other = new OtherUse();
  other.note({ remaining: 100, taken: 0, sentMs: 0, unit: 1 }, PER_MS);
  let level = 20;
  let taken = 0;
  for (let sentMs = 20; sentMs < ms; sentMs += 20) {
    level = Math.max(0, level + 20 * (PER_MS - ours - theirs));
    taken += 20 * ours;
    other.note({ remaining: Math.floor(level), taken, sentMs, unit: 1 }, PER_MS);
  }
  return other;
}

describe("what others spend from the same bucket", () => {
  test("is what is lost beyond what we took", () => {
    expect(watched(0.025, 0.025, 3000).perMs).toBeCloseTo(0.025, 3);
  });

  test("is nothing where only rounding differs", () => {
    expect(watched(0.05, 0, 3000).perMs).toBe(0);
  });

  test("is nothing while there is plenty: a full bucket loses what comes in, and nobody took it", () => {
    const other = new OtherUse();
    for (let sentMs = 0; sentMs < 3000; sentMs += 20)
      other.note({ remaining: 99, taken: sentMs / 100, sentMs, unit: 1 }, PER_MS);

    expect(other.perMs).toBe(0);
  });
});
