import type { LaneState } from "@bide/llm";
import type { JournalAttempt } from "../journal/reader.js";
import { boundTokensOf, type Tally } from "./tally.js";

/** The tokens that a request was let in for; with another bound on its output, where one is given. */
export type Charge = (attempt: JournalAttempt, maxTokens: number | undefined) => number;

/**
 * How the provider charges when it lets a request in. OpenAI and its like charge the bound on the output, whatever the answer
 * takes; others only what was used. What the quota found out tells: a request's mean cost of late.
 *
 * @see https://platform.openai.com/docs/guides/rate-limits
 */
export function chargeOf(lanes: readonly LaneState[], { attempts, boundTokens }: Tally): Charge {
  return chargesBound(lanes, boundTokens / Math.max(1, attempts)) ? boundTokensOf : usedTokensOf;
}

function chargesBound(lanes: readonly LaneState[], meanTokens: number): boolean {
  if (lanes.length === 0) return true;
  return lanes.some(({ currencies, meanCost }) => {
    const cost = meanCost["tokens"];
    return currencies["tokens"] !== undefined && (cost === undefined || cost >= meanTokens / 2);
  });
}

function usedTokensOf({ inputTokens, outputTokens }: JournalAttempt): number {
  return inputTokens + outputTokens;
}
