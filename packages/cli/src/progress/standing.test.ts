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
