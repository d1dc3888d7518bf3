import { expect, test } from "vitest";
import { TakenLog } from "./taken-log.js";

test("knows what was taken after an instant, to the slice", () => {
  const log = new TakenLog();
  for (const [amount, nowMs] of [
    [1, 100],
    [2, 149],
    [4, 150],
    [8, 1000],
  ] as const)
    log.add(amount, nowMs);
  expect([99, 100, 148, 149, 150, 999, 1000].map((atMs) => log.since(atMs))).toEqual([15, 15, 15, 12, 8, 8, 0]);
});

test("remembers the last few minutes, in bounded memory", () => {
  const log = new TakenLog();
  for (let i = 1; i <= 10_000; i++) log.add(1, i * 50);
  expect(log.since(10_000 * 50 - 500)).toBe(10);
  expect(log.since(5000 * 50)).toBe(5000);
  // All that is forgotten is one: nobody knows any more when it was taken.
  for (const atMs of [0, 50, 4096 * 50]) expect(log.since(atMs)).toBe(10_000 - 4096);
  const short = new TakenLog();
  for (let i = 1; i <= 8192; i++) short.add(1, i * 50);
  expect(short.since(0)).toBe(8192);
});
