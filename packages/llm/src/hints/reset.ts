import { parseRateLimit } from "bide/http";
import type { Dimension } from "../classify/decision.js";
import { goDurationMs } from "./go-duration.js";
import { headerDateMs, headerNumber } from "./header-values.js";

/** Below it, a bare number is seconds from now; above, seconds or milliseconds since 1970. */
const LARGEST_DELTA_S = 1e7;
const SMALLEST_EPOCH_MS = 1e11;

/** A reset header's value as milliseconds from now: a duration, seconds, a moment since 1970, or a date. */
export function resetMs(value: string | null, serverNowMs: number): number | undefined {
  const text = value?.trim() ?? "";
  const durationMs = goDurationMs(text);
  if (durationMs !== undefined) return durationMs;
  const number = headerNumber(text);
  if (number !== undefined && number < LARGEST_DELTA_S) return number * 1000;
  const atMs = number === undefined ? headerDateMs(text) : number < SMALLEST_EPOCH_MS ? number * 1000 : number;
  return atMs !== undefined && atMs > serverNowMs ? atMs - serverNowMs : undefined;
}

const PREFIXES = ["x-ratelimit-", "anthropic-ratelimit-"] as const;
/** Where each provider writes what is left, and when it is full again. */
const SUFFIXES: Readonly<Record<Dimension, readonly string[]>> = {
  requests: ["requests", "requests-day"],
  tokens: ["tokens", "tokens-minute", "project-tokens"],
  "input-tokens": ["input-tokens"],
  "output-tokens": ["output-tokens"],
};

/** The reset of the limit that was hit, and of no other. Where the answer does not tell which one, of the one that is empty. */
export function violatedResetMs(
  headers: Headers,
  dimension: Dimension | undefined,
  serverNowMs: number,
): number | undefined {
  const dimensions = dimension === undefined ? emptyDimensions(headers) : [dimension];
  for (const name of dimensions.flatMap((each) => SUFFIXES[each])) {
    for (const reset of [`x-ratelimit-reset-${name}`, `anthropic-ratelimit-${name}-reset`]) {
      const ms = resetMs(headers.get(reset), serverNowMs);
      if (ms !== undefined) return ms;
    }
  }
  return resetMs(headers.get("x-ratelimit-reset"), serverNowMs) ?? standardResetMs(headers);
}

function emptyDimensions(headers: Headers): Dimension[] {
  const all = Object.keys(SUFFIXES) as Dimension[];
  return all.filter((dimension) => SUFFIXES[dimension].some((name) => remainingOf(headers, name) === 0));
}

function remainingOf(headers: Headers, name: string): number | undefined {
  const [openai, anthropic] = PREFIXES;
  return headerNumber(headers.get(`${openai}remaining-${name}`) ?? headers.get(`${anthropic}${name}-remaining`));
}

/** `RateLimit: "default";r=0;t=30`: of the quotas that are used up, the longest wait. */
function standardResetMs(headers: Headers): number | undefined {
  const waits = parseRateLimit(headers).flatMap(({ remaining, resetMs: ms }) => (remaining === 0 && ms ? [ms] : []));
  return waits.length === 0 ? undefined : Math.max(...waits);
}
