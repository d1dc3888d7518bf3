import type { Bottleneck, Limits } from "./report-data.js";

/** What a batch took, in sums. */
export interface Demand {
  readonly requests: number;
  readonly chargedTokens: number;
  /** The time that requests were under way, added up. */
  readonly tookMs: number;
  readonly runningMs: number;
}

/** Below this share of the running time, none of the limits explains it. */
const EXPLAINS = 0.6;

/**
 * What kept a batch from being done sooner: for each limit, how long the batch takes at the least if there were no other, and
 * the one that takes longest.
 */
export function bottleneckOf({ requests, chargedTokens, tookMs, runningMs }: Demand, limits: Limits): Bottleneck {
  const { rpm, tpm, concurrency } = limits;
  const needs = {
    requestsMs: rpm === undefined ? undefined : (requests / rpm) * 60_000,
    tokensMs: tpm === undefined ? undefined : (chargedTokens / tpm) * 60_000,
    concurrencyMs: concurrency === undefined ? undefined : tookMs / concurrency,
  };
  const all = [
    ["requests", needs.requestsMs ?? 0],
    ["tokens", needs.tokensMs ?? 0],
    ["concurrency", needs.concurrencyMs ?? 0],
  ] as const;
  const [binds, needMs] = all.reduce((most, next) => (next[1] > most[1] ? next : most));
  // What a bucket held at the start goes at once: the need may be above the time.
  const share = runningMs > 0 ? Math.min(1, needMs / runningMs) : 0;
  return { binds: share < EXPLAINS ? "nothing" : binds, share, ...needs };
}
