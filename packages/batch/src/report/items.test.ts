import { expect, test } from "vitest";
import type { JournalAttempt } from "../journal/reader.js";
import { itemsIn, shownOf } from "./items.js";

const attempt = (
  customId: string,
  number: number,
  startedMs: number,
  more: Partial<JournalAttempt> = {},
): JournalAttempt => ({
  ...{ customId, number, startedMs, waitedMs: 100, queuedMs: 0, tookMs: 1000, inputTokens: 1, outputTokens: 1 },
  ...more,
});

test("attempts of an item stand together, and those of another run are another item", () => {
  const attempts = [attempt("a", 1, 0), attempt("a", 2, 5), attempt("b", 1, 6), attempt("b", 1, 50)];
  const runs = [{ startedMs: 0 }, { startedMs: 40 }];

  expect([...itemsIn(attempts, runs)].map((item) => [item.customId, item.attempts.length])).toEqual([
    ["a", 2],
    ["b", 1],
    ["b", 1],
  ]);
  expect([...itemsIn([], runs)]).toEqual([]);
});

test("the time in line for the quota is told apart: it says nothing of the item", () => {
  const first = attempt("a", 1, 0, { waitedMs: 9000, queuedMs: 8500, status: 500, class: "transient", code: "x" });
  const second = attempt("a", 2, 0, { waitedMs: 2000, queuedMs: 0, tookMs: 300, status: 200 });

  expect(shownOf({ customId: "a", attempts: [first, second] })).toEqual({
    ...{ customId: "a", attempts: 2, tookMs: 500 + 1000 + 2000 + 300, queuedMs: 8500 },
    ...{ status: 200, class: undefined, code: undefined },
  });
});
