/** What a provider can tell of a request before it answers. */
export interface RequestSize {
  /** Characters of all prompt text. */
  readonly characters: number;
  /** Prompt tokens that the provider does not charge because they are cached. @default 0 */
  readonly cachedTokens?: number;
  /** The output bound that the caller set, per answer. */
  readonly maxTokens?: number;
  /** Answers asked for, or `best_of` where it is larger. @default 1 */
  readonly answers?: number;
  /** The model's context, for providers that charge it in full when no bound is set. @default 128000 */
  readonly contextTokens?: number;
}

/** What a request is charged at admission. */
export interface Cost {
  /** Against tokens per minute and per day. */
  readonly tokens: number;
  /** Against input tokens per minute. */
  readonly input: number;
  /** Against output tokens per minute; 0 where output counts only as it is produced. */
  readonly output: number;
}

/** How a provider charges: names of {@link costOf}. */
export type CostModel = "openai" | "openai-sum" | "azure" | "anthropic" | "cerebras" | "gemini";

/** The names of all cost models. */
export const COST_MODELS: readonly CostModel[] = ["openai", "openai-sum", "azure", "anthropic", "cerebras", "gemini"];

/** OpenAI's and Azure's estimate of a text: a quarter of its characters, rounded up. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4);
}

/** What a request is charged when no output bound is set: the completions default that OpenAI documents. */
const DEFAULT_MAX_TOKENS = 16;

/** The charge of a request at admission, by the named provider's formula; `docs/emulator.md` gives each one's source. */
export function costOf(model: CostModel, size: RequestSize): Cost {
  const estimate = estimateTokens(size.characters);
  const answers = size.answers ?? 1;
  const bound = (size.maxTokens ?? DEFAULT_MAX_TOKENS) * answers;
  switch (model) {
    case "openai":
      return { tokens: Math.max(bound, estimate), input: estimate, output: bound };
    case "openai-sum":
    case "azure":
      return { tokens: estimate + bound, input: estimate, output: bound };
    case "cerebras": {
      const context = size.contextTokens ?? 128_000;
      const output = (size.maxTokens ?? Math.max(0, context - estimate)) * answers;
      return { tokens: estimate + output, input: estimate, output };
    }
    case "anthropic": {
      const input = Math.max(0, estimate - (size.cachedTokens ?? 0));
      return { tokens: input, input, output: 0 };
    }
    case "gemini":
      return { tokens: estimate, input: estimate, output: 0 };
  }
}

/** Whether a provider charges nothing for the output at admission and counts it as it is produced. */
export function countsOutputAsProduced(model: CostModel): boolean {
  return model === "anthropic" || model === "gemini";
}
