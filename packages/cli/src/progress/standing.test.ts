import { NO_PROGRESS } from "@bide/batch";
import { expect, test } from "vitest";
import { standingOf } from "./standing.js";

const RATES = { requestsPerMinute: 0, tokensPerMinute: 0, donePerMinute: 0 };

test("what earlier runs did and what failed in them counts as done and as failed", () => {
  const progress = { ...NO_PROGRESS, total: 20, before: 10, failedBefore: 4, succeeded: 3, failed: 1, sending: 2 };

  expect(standingOf(progress, "USD", RATES)).toMatchObject({
    ...{ total: 20, done: 14, succeeded: 9, failed: 5, inFlight: 2, waiting: 4 },
  });
});

test("the time to the end is that of this run: what a limit leaves for the next one takes none of it", () => {
  const progress = { ...NO_PROGRESS, total: 3000, before: 100, succeeded: 30, limit: 50 };
  const rates = { ...RATES, donePerMinute: 60 };

  expect(standingOf(progress, "USD", rates)).toMatchObject({ waiting: 2870, leftMs: 20_000 });
  expect(standingOf({ ...progress, limit: Infinity }, "USD", rates)).toMatchObject({ leftMs: 2_870_000 });
  expect(standingOf({ ...progress, succeeded: 50 }, "USD", rates)).toMatchObject({ leftMs: 0 });
});
