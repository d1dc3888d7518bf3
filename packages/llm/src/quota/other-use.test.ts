import { describe, expect, test } from "vitest";
import { OtherUse } from "./other-use.js";

const PER_MS = 0.05;

/** A bucket of 100 that both empty: we take so much per millisecond, others the rest, and every answer is read. */
function watched(ours: number, theirs: number, ms: number): OtherUse {
  const other = new OtherUse();
  other.note({ remaining: 100, taken: 0, sentMs: 0, unit: 1, jitterMs: 20 }, PER_MS);
  let level = 20;
  let taken = 0;
  for (let sentMs = 20; sentMs < ms; sentMs += 20) {
    level = Math.max(0, level + 20 * (PER_MS - ours - theirs));
    taken += 20 * ours;
    other.note({ remaining: Math.floor(level), taken, sentMs, unit: 1, jitterMs: 20 }, PER_MS);
  }
  return other;
}

describe("what others spend from the same bucket", () => {
  test("is what is lost beyond what we took", () => {
    expect(watched(0.025, 0.025, 3000).perMs).toBeCloseTo(0.025, 3);
  });

  test("is seen anew as soon as somebody came, whatever was before", () => {
    const other = new OtherUse();
    other.note({ remaining: 100, taken: 0, sentMs: 0, unit: 1, jitterMs: 20 }, PER_MS);
    let theirs = 0;
    for (let sentMs = 20; sentMs <= 2500; sentMs += 20) {
      if (sentMs > 2000) theirs += 20 * 0.025;
      const remaining = Math.max(0, 20 - Math.round(theirs));
      other.note({ remaining, taken: PER_MS * sentMs, sentMs, unit: 1, jitterMs: 20 }, PER_MS);
    }

    expect(other.perMs).toBeCloseTo(0.025, 2);
  });

  test("is seen where the bucket was never anything but empty", () => {
    const other = new OtherUse();
    for (let sentMs = 0; sentMs < 2000; sentMs += 100)
      other.note({ remaining: 0, taken: 0.03 * sentMs, sentMs, unit: 1, jitterMs: 20 }, PER_MS);

    expect(other.perMs).toBeCloseTo(0.02, 3);
  });

  test("counts a reading that comes late for the time that it is of", () => {
    const inOrder = new OtherUse();
    const late = new OtherUse();
    const readings = Array.from({ length: 30 }, (_, index) => {
      const sentMs = 40 * index;
      return {
        remaining: Math.max(0, Math.round(19 - 0.025 * sentMs)),
        taken: PER_MS * sentMs,
        sentMs,
        unit: 1,
        jitterMs: 20,
      };
    });
    inOrder.note({ remaining: 100, taken: 0, sentMs: 0, unit: 1, jitterMs: 20 }, PER_MS);
    late.note({ remaining: 100, taken: 0, sentMs: 0, unit: 1, jitterMs: 20 }, PER_MS);
    for (const reading of readings) inOrder.note(reading, PER_MS);
    for (const reading of [
      ...readings.filter((_, index) => index % 6 < 5),
      ...readings.filter((_, index) => index % 6 === 5),
    ])
      late.note(reading, PER_MS);

    expect(late.perMs).toBeCloseTo(inOrder.perMs, 2);
  });

  test("is nothing where only rounding differs", () => {
    expect(watched(0.05, 0, 3000).perMs).toBe(0);
  });

  test("is nothing while there is plenty: a full bucket loses what comes in, and nobody took it", () => {
    const other = new OtherUse();
    for (let sentMs = 0; sentMs < 3000; sentMs += 20)
      other.note({ remaining: 99, taken: sentMs / 100, sentMs, unit: 1, jitterMs: 20 }, PER_MS);

    expect(other.perMs).toBe(0);
  });
});
