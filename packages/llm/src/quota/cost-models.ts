import type { RequestSize } from "../request/facts.js";

/** The formulas by which providers charge tokens before they answer. */
export type CostModel = "openai" | "openai-sum" | "azure" | "anthropic" | "gemini" | "cerebras";

/** Every formula's name. */
export const COST_MODELS: readonly CostModel[] = ["openai", "openai-sum", "azure", "anthropic", "gemini", "cerebras"];

/** Those of them that charge differently; `azure` adds up like `openai-sum`, and `gemini` counts input like `anthropic`. */
export const DISTINCT_COST_MODELS: readonly CostModel[] = ["openai", "openai-sum", "anthropic", "cerebras"];

/** What a request is charged for each thing that is limited, before it is answered. */
export interface TokenCost {
  /** Against tokens per minute and per day. */
  readonly tokens: number;
  /** Against input tokens per minute. */
  readonly input: number;
}

/** What is charged for the output when the caller sets no bound: the default of the completions API. */
const DEFAULT_MAX_TOKENS = 16;
/** The context of most models that charge all of it. */
const CONTEXT_TOKENS = 128_000;

/**
 * What a provider charges for a request of this size.
 *
 * `openai`: the larger one of the output bound and a quarter of the characters. `openai-sum` and `azure`: both together.
 * `anthropic` and `gemini`: the input alone. `cerebras`: the input and the bound, or what is left of the context without one.
 *
 * @param inputTokens What the prompt is believed to be, where the provider counts its tokens rather than its characters.
 * @see https://platform.openai.com/docs/guides/rate-limits "the maximum of max_tokens and the estimated number of tokens
 * based on the character count of your request"
 * @see https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota#understanding-rate-limits
 * @see https://platform.claude.com/docs/en/api/rate-limits "OTPM … does not factor max_tokens"
 * @see https://inference-docs.cerebras.ai/support/rate-limits
 */
export function costOf(model: CostModel, size: RequestSize, inputTokens: number): TokenCost {
  const { characters, maxTokens, answers } = size;
  const estimate = Math.ceil(characters / 4);
  const bound = (maxTokens ?? DEFAULT_MAX_TOKENS) * answers;
  switch (model) {
    case "openai":
      return { tokens: Math.max(bound, estimate), input: estimate };
    case "openai-sum":
    case "azure":
      return { tokens: estimate + bound, input: estimate };
    case "anthropic":
    case "gemini":
      return { tokens: inputTokens, input: inputTokens };
    case "cerebras": {
      const output = (maxTokens ?? Math.max(0, CONTEXT_TOKENS - inputTokens)) * answers;
      return { tokens: inputTokens + output, input: inputTokens };
    }
  }
}
