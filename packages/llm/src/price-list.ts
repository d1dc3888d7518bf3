import type { Price, PriceList } from "./prices.js";

function price(input: number, output: number, cachedInput?: number): Price {
  return cachedInput === undefined ? { input, output } : { input, output, cachedInput };
}

/**
 * What well-known models cost on the day that it names: list prices in US dollars per million tokens, without discounts,
 * surcharges for long contexts or writes to a cache. It is a start; pass a list of your own for what you really pay.
 *
 * @see https://platform.openai.com/docs/pricing
 * @see https://docs.claude.com/en/docs/about-claude/pricing
 * @see https://ai.google.dev/gemini-api/docs/pricing
 * @see https://groq.com/pricing
 */
export const PRICE_LIST: PriceList = Object.freeze({
  date: "2026-09-23",
  currency: "USD",
  models: Object.freeze({
    "gpt-3.5-turbo": price(0.5, 1.5),
    "gpt-4o": price(2.5, 10, 1.25),
    "gpt-4o-mini": price(0.15, 0.6, 0.075),
    "gpt-4.1": price(2, 8, 0.5),
    "gpt-4.1-mini": price(0.4, 1.6, 0.1),
    "gpt-4.1-nano": price(0.1, 0.4, 0.025),
    "gpt-5": price(1.25, 10, 0.125),
    "gpt-5-mini": price(0.25, 2, 0.025),
    "gpt-5-nano": price(0.05, 0.4, 0.005),
    "gpt-5.1": price(1.25, 10, 0.125),
    "gpt-5.2": price(1.75, 14, 0.175),
    "gpt-5.4": price(2.5, 15, 0.25),
    "gpt-5.4-mini": price(0.75, 4.5, 0.075),
    "gpt-5.4-nano": price(0.2, 1.25, 0.02),
    "gpt-5.5": price(5, 30, 0.5),
    o1: price(15, 60, 7.5),
    o3: price(2, 8, 0.5),
    "o3-mini": price(1.1, 4.4, 0.55),
    "o4-mini": price(1.1, 4.4, 0.275),
    "text-embedding-3-small": price(0.02, 0),
    "text-embedding-3-large": price(0.13, 0),
    "text-embedding-ada-002": price(0.1, 0),
    "claude-3-5-haiku": price(0.8, 4, 0.08),
    "claude-haiku-4-5": price(1, 5, 0.1),
    "claude-sonnet-4": price(3, 15, 0.3),
    "claude-sonnet-4-5": price(3, 15, 0.3),
    "claude-sonnet-4-6": price(3, 15, 0.3),
    "claude-sonnet-5": price(2, 10, 0.2),
    "claude-opus-4-1": price(15, 75, 1.5),
    "claude-opus-4-5": price(5, 25, 0.5),
    "claude-opus-4-6": price(5, 25, 0.5),
    "claude-opus-4-7": price(5, 25, 0.5),
    "claude-opus-5": price(5, 25, 0.5),
    "gemini-2.0-flash": price(0.1, 0.4, 0.025),
    "gemini-2.5-flash": price(0.3, 2.5, 0.03),
    "gemini-2.5-flash-lite": price(0.1, 0.4, 0.01),
    "gemini-2.5-pro": price(1.25, 10, 0.125),
    "gemini-3-flash-preview": price(0.5, 3, 0.05),
    "gemini-3-pro-preview": price(2, 12, 0.2),
    "gemini-embedding-001": price(0.15, 0),
    "mistral-large": price(2, 6),
    "mistral-medium": price(1.5, 7.5, 0.15),
    "mistral-small": price(0.1, 0.3),
    "deepseek-chat": price(0.27, 1.1, 0.07),
    "deepseek-reasoner": price(0.55, 2.19, 0.14),
    "llama-3.1-8b-instant": price(0.05, 0.08),
    "llama-3.3-70b-versatile": price(0.59, 0.79),
    "openai/gpt-oss-20b": price(0.075, 0.3, 0.0375),
    "openai/gpt-oss-120b": price(0.15, 0.6, 0.075),
  }),
});
