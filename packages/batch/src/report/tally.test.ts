import { expect, test } from "vitest";
import type { JournalAttempt } from "../journal/reader.js";
import { Tally } from "./tally.js";

const attempt = (more: Partial<JournalAttempt>): JournalAttempt => ({
  ...{ customId: "a", number: 1, startedMs: 0, waitedMs: 0, tookMs: 5, endpoint: 0 },
  ...{ inputTokens: 0, outputTokens: 0, cachedTokens: 0 },
  ...more,
});

test("a request that was cut is no answer: every request has its place", () => {
  const tally = new Tally();
  tally.add(attempt({ status: 200 }));
  tally.add(attempt({ status: 429, code: "rate", class: "rate" }));
  tally.add(attempt({ code: "aborted" }));
  tally.add(attempt({ code: "aborted" }));

  expect(tally.attempts).toBe(4);
  expect(tally.failures).toEqual([
    { class: "cut", code: "aborted", status: undefined, attempts: 2 },
    { class: "rate", code: "rate", status: 429, attempts: 1 },
  ]);
});
