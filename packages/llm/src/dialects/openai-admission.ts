import type { RequestSize } from "../request/facts.js";

/** What is charged for the output when the caller sets no bound: the default of the completions API. */
const DEFAULT_MAX_TOKENS = 16;

/**
 * OpenAI's charge at admission: the larger one of the output bound and a quarter of the characters. Nothing of it comes back.
 *
 * @see https://platform.openai.com/docs/guides/rate-limits "the maximum of max_tokens and the estimated number of tokens
 * based on the character count of your request"
 */
export function openaiAdmission({ characters, maxTokens, answers }: RequestSize): number {
  return Math.max((maxTokens ?? DEFAULT_MAX_TOKENS) * answers, Math.ceil(characters / 4));
}
