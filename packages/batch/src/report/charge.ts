import type { CostModel, LaneState } from "@bide/llm";
import type { JournalAttempt } from "../journal/reader.js";
import { boundTokensOf, type Tally } from "./tally.js";

/** What requests are charged when they are let in. */
export interface Charge {
  /** The tokens that a request was let in for; with another bound on its output, where one is given. */
  readonly tokensOf: (attempt: JournalAttempt, maxTokens: number | undefined) => number;
  /** Whether a lower bound on the output costs less. */
  readonly countsBound: boolean;
}

const LARGER_ONE: Charge = { tokensOf: boundTokensOf, countsBound: true };
const SUM: Charge = {
  tokensOf: ({ inputTokens, outputTokens }, maxTokens = outputTokens) => inputTokens + maxTokens,
  countsBound: true,
};
const INPUT: Charge = { tokensOf: ({ inputTokens }) => inputTokens, countsBound: false };
const USE: Charge = { tokensOf: ({ inputTokens, outputTokens }) => inputTokens + outputTokens, countsBound: false };

const BY_MODEL: Readonly<Record<CostModel, Charge>> = {
  openai: LARGER_ONE,
  "openai-sum": SUM,
  azure: SUM,
  cerebras: SUM,
  anthropic: INPUT,
  gemini: INPUT,
};

/**
 * How the provider charges when it lets a request in, as the quota of the last run found out. OpenAI and its like charge the
 * bound on the output, whatever the answer takes; others the input, or only what was used. Of a formula that is somebody's own,
 * a request's mean cost of late tells whether it is about the bound.
 *
 * @see https://platform.openai.com/docs/guides/rate-limits
 */
export function chargeOf(lanes: readonly LaneState[], { attempts, boundTokens }: Tally): Charge {
  const limited = lanes.filter(({ currencies }) => currencies["tokens"] !== undefined);
  const known = limited.map(({ costModel }) => chargeNamed(costModel)).find((charge) => charge !== undefined);
  if (known) return known;
  return chargesBound(lanes, limited, boundTokens / Math.max(1, attempts)) ? LARGER_ONE : USE;
}

function chargeNamed(model: string): Charge | undefined {
  return Object.hasOwn(BY_MODEL, model) ? BY_MODEL[model as CostModel] : undefined;
}

function chargesBound(all: readonly LaneState[], limited: readonly LaneState[], meanTokens: number): boolean {
  if (all.length === 0) return true;
  return limited.some(({ meanCost: { tokens } }) => tokens === undefined || tokens >= meanTokens / 2);
}
