import type { LaneState } from "@bide/llm";
import { expect, test } from "vitest";
import type { JournalAttempt } from "../journal/reader.js";
import { chargeOf } from "./charge.js";
import { limitsOf } from "./limits.js";
import { Tally } from "./tally.js";

const bucket = (limit: number, source: "told" | "learned" | "searched" = "learned") => ({
  ...{ level: 0, limit, perMs: 60_000, burst: limit, source },
});

function lane(
  currencies: LaneState["currencies"],
  tokens?: number,
  costModel: LaneState["costModel"] = "own",
): LaneState {
  return {
    ...{ keyId: "k", model: "m", inFlight: 0, mostInFlight: 9, queueLength: 0, nextAdmissionMs: 0, binds: undefined },
    ...{ pausedUntilMs: undefined, drainMs: 0, costModel, tokenRatio: 1, meanLatencyMs: 1, currencies },
    meanCost: tokens === undefined ? {} : { tokens },
  };
}

const attempt: JournalAttempt = {
  ...{ customId: "a", number: 1, startedMs: 0, waitedMs: 0, tookMs: 1, status: 200 },
  ...{ inputTokens: 100, outputTokens: 50, maxTokens: 4096 },
};

/** What one such request is charged, as the quota of these lanes found out. */
function charged(...lanes: readonly LaneState[]): number {
  const tally = new Tally();
  tally.add(attempt);
  return chargeOf(lanes, tally).tokensOf(attempt, attempt.maxTokens);
}

test.each([
  ["nothing is known", [], 4096],
  ["requests cost the bound", [lane({ tokens: bucket(1) }, 4096)], 4096],
  ["requests cost what they use", [lane({ tokens: bucket(1) }, 160)], 150],
  ["input and output have limits of their own", [lane({ "input-tokens": bucket(1), "output-tokens": bucket(1) })], 150],
  ["the larger of input and bound is charged", [lane({ tokens: bucket(1) }, 9, "openai")], 4096],
  ["input and bound are charged together", [lane({ tokens: bucket(1) }, 9, "azure")], 4196],
  ["the input is charged", [lane({ tokens: bucket(1) }, 9, "gemini")], 100],
] as const)("a request is charged its bound or its use: %s", (_, lanes, tokens) => {
  expect(charged(...lanes)).toBe(tokens);
});

const run = {
  startedMs: 0,
  pid: 1,
  settings: {
    concurrency: 8,
    endpoints: [
      { host: "h", rpm: 10, tpm: 100 },
      { host: "i", rpm: 20 },
    ],
  },
};

test("limits are those that the quota knew at the end, summed over its lanes", () => {
  const lanes = [
    lane({ requests: bucket(500), tokens: bucket(9000) }),
    lane({ requests: bucket(100), tokens: bucket(1000) }),
  ];

  expect(limitsOf(run, lanes, 1)).toEqual({ rpm: 600, tpm: 10_000, concurrency: 8 });
});

test("without lanes, they are what the run was told, for each model; a sum with an unknown part is none", () => {
  expect(limitsOf(run, [], 2)).toEqual({ rpm: 60, tpm: undefined, concurrency: 8 });
});

test("a limit that is only searched for is none", () => {
  expect(limitsOf(undefined, [lane({ requests: bucket(500, "searched") })], 1).rpm).toBeUndefined();
});
