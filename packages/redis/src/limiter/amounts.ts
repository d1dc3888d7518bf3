import type { Cost, ServerLevels } from "bide";
import type { ToldLevel } from "./wire.js";

/** A cost as the script keeps it. */
export function priced(cost: Cost): string {
  return JSON.stringify(cost);
}

/** What a server said, by age; without what cannot be true. */
export function toldLevels(levels: ServerLevels, nowMs: number): Readonly<Record<string, ToldLevel>> {
  const told = Object.entries(levels).map(([currency, { remaining = -1, limit = -1, atMs = nowMs, jitterMs = 0 }]) => {
    const level: ToldLevel = {
      age: Math.max(0, nowMs - atMs),
      ...(jitterMs > 0 && { jitter: jitterMs }),
      ...(remaining >= 0 && remaining < Number.POSITIVE_INFINITY && { remaining }),
      ...(limit > 0 && limit < Number.POSITIVE_INFINITY && { limit }),
    };
    return [currency, level] as const;
  });
  return Object.fromEntries(told.filter(([, { remaining, limit }]) => remaining !== undefined || limit !== undefined));
}

/** What reservations really cost beyond what was reserved, summed up until somebody is told. */
export class Differences {
  readonly #sums = new Map<string, number>();

  add(cost: Cost, actual: Cost): void {
    for (const currency of new Set([...Object.keys(cost), ...Object.keys(actual)])) {
      const more = (actual[currency] ?? 0) - (cost[currency] ?? 0);
      if (more !== 0) this.#sums.set(currency, (this.#sums.get(currency) ?? 0) + more);
    }
  }

  get isEmpty(): boolean {
    return this.#sums.size === 0;
  }

  /** The sums, which are nothing afterwards. */
  take(): Cost {
    const sums = Object.fromEntries(this.#sums);
    this.#sums.clear();
    return sums;
  }
}
