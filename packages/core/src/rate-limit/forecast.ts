import { type Buckets, type Earliest, earliestOf, type Request, type TooLarge, tooLarge } from "./gcra.js";
import { amountOf, type Cost, type Flow } from "./limits.js";
import type { StoreState } from "./store.js";

/**
 * When a request could go at the earliest, judged by what is known of the buckets. Exact for one currency; where several
 * bind in turn, those ahead may take longer than it says.
 */
export function forecast(state: StoreState, request: Request, nowMs: number): Earliest {
  const { rates, buckets } = behind(state, nowMs);
  return earliestOf(rates, buckets, request);
}

/** How long it takes at least until everybody has gone who waits. */
export function drainMs({ currencies, pausedUntilMs = 0 }: StoreState, total: Cost, nowMs: number): number {
  const waits = Object.entries(currencies).map(
    ([currency, { level, limit, perMs }]) => ((amountOf(total, currency) - level) * perMs) / limit,
  );
  return Math.max(0, pausedUntilMs - nowMs, ...waits);
}

/** The refusal of a request that can never go; `undefined` when it can. */
export function neverOf(state: StoreState, cost: Cost): TooLarge | undefined {
  return tooLarge(behind(state, 0).rates, cost);
}

/** The buckets that show this state. */
function behind(
  state: StoreState,
  nowMs: number,
): { readonly rates: readonly Flow[]; readonly buckets: Omit<Buckets, "isProbing"> } {
  const rates: Flow[] = [];
  const fullAtMs: number[] = [];
  for (const [currency, { level, limit, perMs, burst }] of Object.entries(state.currencies)) {
    rates.push({ currency, limit, perMs, burst });
    fullAtMs.push(nowMs + ((burst - level) * perMs) / limit);
  }
  return { rates, buckets: { fullAtMs, pausedUntilMs: state.pausedUntilMs ?? nowMs } };
}
