import type { BatchSummary } from "@bide/batch";
import { expect, test } from "vitest";
import { summaryText } from "./summary.js";

const SUMMARY: BatchSummary = {
  ...{ total: 60, succeeded: 40, failed: 20, open: 0, before: 10 },
  ...{ attempts: 55, rateLimited: 5, inputTokens: 1200, outputTokens: 640, cachedTokens: 0 },
  ...{ cost: 0, unpriced: 0, currency: "USD", elapsedMs: 10_000, stop: undefined },
  ...{ results: "results.jsonl", errors: "results.errors.jsonl", journal: "results.jsonl.bide" },
};

test("how fast it went counts what was done in this run, and calls no failure a result", () => {
  expect(summaryText(SUMMARY)).toContain("10 s, 5.0 done/s");
});

test("a run that did nothing tells no rate", () => {
  expect(summaryText({ ...SUMMARY, before: 60 })).not.toContain("/s");
});
