import type { Dimension } from "../classify/decision.js";
import { resetMs } from "./reset.js";

/** One limit, as a server last told it. What it did not tell is left out. */
export interface LimitLevel {
  readonly limit?: number | undefined;
  readonly remaining?: number | undefined;
  /** Milliseconds from then until the limit is whole again. */
  readonly resetMs?: number | undefined;
  /** What the limit is for. OpenAI's count per minute, Groq's requests per day. */
  readonly per: "second" | "minute" | "day";
}

/** The limits that an answer's headers tell, by what they count. */
export type LimitLevels = Readonly<Partial<Record<Dimension, LimitLevel>>>;

type Fields = readonly [limit: string, remaining: string, reset: string, per: LimitLevel["per"]];

const SPELLINGS: readonly (readonly [Dimension, Fields])[] = [
  ["requests", openai("requests")],
  ["requests", ["x-ratelimit-limit-req-minute", "x-ratelimit-remaining-req-minute", "", "minute"]],
  [
    "requests",
    ["x-ratelimit-limit-requests-day", "x-ratelimit-remaining-requests-day", "x-ratelimit-reset-requests-day", "day"],
  ],
  ["requests", anthropic("requests")],
  ["tokens", openai("tokens")],
  [
    "tokens",
    [
      "x-ratelimit-limit-tokens-minute",
      "x-ratelimit-remaining-tokens-minute",
      "x-ratelimit-reset-tokens-minute",
      "minute",
    ],
  ],
  ["tokens", anthropic("tokens")],
  ["input-tokens", anthropic("input-tokens")],
  ["output-tokens", anthropic("output-tokens")],
];

function openai(name: string): Fields {
  return [`x-ratelimit-limit-${name}`, `x-ratelimit-remaining-${name}`, `x-ratelimit-reset-${name}`, "minute"];
}

function anthropic(name: string): Fields {
  const prefix = `anthropic-ratelimit-${name}`;
  return [`${prefix}-limit`, `${prefix}-remaining`, `${prefix}-reset`, "minute"];
}

/**
 * The limits in an answer's headers. Negative numbers mean unknown, and so does garbage.
 *
 * @param dialect Groq counts requests by the day under OpenAI's names.
 */
export function limitLevels(headers: Headers, dialect: string, serverNowMs: number): LimitLevels {
  const levels: Partial<Record<Dimension, LimitLevel>> = {};
  for (const [dimension, [limitName, remainingName, resetName, per]] of SPELLINGS) {
    const limit = count(headers.get(limitName));
    const remaining = count(headers.get(remainingName));
    if (levels[dimension] !== undefined || (limit === undefined && remaining === undefined)) continue;
    const isDaily = dialect === "groq" && dimension === "requests";
    const reset = resetName === "" ? undefined : resetMs(headers.get(resetName), serverNowMs);
    levels[dimension] = { limit, remaining, resetMs: reset, per: isDaily ? "day" : per };
  }
  return levels;
}

function count(value: string | null): number | undefined {
  const text = value?.trim() ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
