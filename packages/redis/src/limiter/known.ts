import type { CurrencyState, StoreState } from "bide";
import type { Answer, WireRate } from "./wire.js";

/** The quota as it was last heard of, by the worker's own clock. */
export interface Known {
  readonly generation: string;
  readonly number: string;
  readonly version: string;
  readonly workers: number;
  readonly rates: readonly WireRate[];
  readonly levels: readonly number[];
  readonly atMs: number;
  readonly pausedUntilMs: number;
}

/** Nothing was heard yet. */
export const UNKNOWN: Known = {
  ...{ generation: "", number: "0", version: "", workers: 0 },
  rates: [],
  levels: [],
  atMs: Number.NEGATIVE_INFINITY,
  pausedUntilMs: Number.NEGATIVE_INFINITY,
};

/** What is known after an answer. */
export function heard(before: Known, answer: Answer, nowMs: number): Known {
  const { generation, number, version, workers, levels, pausedMs } = answer;
  return {
    ...{ generation, number, version, workers, levels },
    // The rates come along only when they changed; a quota without any has none to send.
    rates: version === before.version ? before.rates : answer.rates,
    atMs: nowMs,
    pausedUntilMs: pausedMs > 0 ? nowMs + pausedMs : Number.NEGATIVE_INFINITY,
  };
}

/** The rates that were told, where none was heard yet: as if the buckets were full. */
export function told(before: Known, rates: readonly WireRate[]): Known {
  const merged = new Map(before.rates.map((rate, index) => [rate.currency, { rate, level: before.levels[index] }]));
  for (const rate of rates) {
    if (rate.ends) merged.delete(rate.currency);
    else merged.set(rate.currency, { rate, level: merged.get(rate.currency)?.level ?? rate.burst });
  }
  const entries = [...merged.values()];
  return {
    ...before,
    rates: entries.map(({ rate }) => rate),
    levels: entries.map(({ rate, level }) => Math.min(rate.burst, level ?? rate.burst)),
  };
}

/** What may go at `nowMs`, if nobody took anything since. */
export function stateAt({ rates, levels, atMs, pausedUntilMs }: Known, nowMs: number): StoreState {
  const passedMs = Number.isFinite(atMs) ? Math.max(0, nowMs - atMs) : 0;
  const currencies = rates.map(({ currency, limit, per, burst }, index): readonly [string, CurrencyState] => {
    const level = Math.min(burst, (levels[index] ?? burst) + (passedMs * limit) / per);
    return [currency, { level, limit, perMs: per, burst }];
  });
  return {
    currencies: Object.fromEntries(currencies),
    pausedUntilMs: pausedUntilMs > nowMs ? pausedUntilMs : undefined,
  };
}
