import {
  converted,
  earliestOf,
  FULL_BUCKETS,
  fullAt,
  levelOf,
  pause,
  settle,
  take,
  tightened,
  tooLarge,
} from "./gcra.js";
import { amountOf, type Rate, showing, withLimit } from "./limits.js";
import type {
  LimiterStore,
  ReserveAnswer,
  ReserveRequest,
  ServerLevel,
  ServerLevels,
  Settlement,
  StoreState,
} from "./store.js";
import { TakenLog } from "./taken-log.js";

/** Buckets in the memory of this process; they answer at once. */
export function memoryLimiterStore(): LimiterStore {
  return new MemoryStore();
}

/** What is remembered of one currency beside its bucket. */
interface Memory {
  readonly taken: TakenLog;
  /** When the newest answer that told a limit was given: an older one does not bring an old limit back. */
  limitToldMs: number;
}

class MemoryStore implements LimiterStore {
  #rates: readonly Rate[] = [];
  #buckets = FULL_BUCKETS;
  readonly #memories = new Map<string, Memory>();
  #ids = 0;

  reserve({ cost, keepFree, jitterMs }: ReserveRequest, nowMs: number): ReserveAnswer {
    const refusal = tooLarge(this.#rates, cost);
    if (refusal !== undefined) return refusal;
    const { atMs, binds } = earliestOf(this.#rates, this.#buckets, { cost, keepFree });
    if (atMs > nowMs) return { kind: "wait", waitMs: atMs - nowMs, binds };
    this.#buckets = take(this.#rates, this.#buckets, cost, nowMs, jitterMs);
    for (const { currency } of this.#rates) {
      const amount = amountOf(cost, currency);
      if (amount > 0) this.#memory(currency).taken.add(amount, nowMs);
    }
    return { kind: "admitted", id: ++this.#ids };
  }

  settle(settlement: Settlement, nowMs: number): void {
    this.#buckets = settle(this.#rates, this.#buckets, settlement, nowMs);
  }

  sync(levels: ServerLevels, nowMs: number): void {
    this.#replace(
      this.#rates.map((rate) => this.#corrected(rate, levels[rate.currency], nowMs)),
      nowMs,
    );
    const fullAtMs = this.#rates.map((rate, index) => {
      const beforeMs = fullAt(this.#buckets, index);
      const { remaining = -1, atMs = nowMs, jitterMs } = levels[rate.currency] ?? {};
      if (!(remaining >= 0)) return beforeMs;
      const takenSince = this.#memory(rate.currency).taken.since(atMs);
      return tightened(rate, beforeMs, { remaining, atMs, takenSince, jitterMs });
    });
    this.#buckets = { ...this.#buckets, fullAtMs };
  }

  pause(durationMs: number, nowMs: number): void {
    this.#buckets = pause(this.#buckets, nowMs + durationMs);
  }

  update(rates: readonly Rate[], nowMs: number): void {
    const merged = new Map(this.#rates.map((rate) => [rate.currency, rate]));
    for (const rate of rates) {
      if (rate.limit === Number.POSITIVE_INFINITY) merged.delete(rate.currency);
      else merged.set(rate.currency, rate);
    }
    this.#replace([...merged.values()], nowMs);
  }

  state(nowMs: number): StoreState {
    const { pausedUntilMs } = this.#buckets;
    const states = this.#rates.map((rate, index) => {
      const { currency, limit, perMs, burst } = rate;
      const level = levelOf(rate, fullAt(this.#buckets, index), nowMs);
      return [currency, { level, limit, perMs, burst }] as const;
    });
    return {
      currencies: Object.fromEntries(states),
      pausedUntilMs: pausedUntilMs > nowMs ? pausedUntilMs : undefined,
    };
  }

  #replace(rates: readonly Rate[], nowMs: number): void {
    this.#buckets = converted(this.#rates, this.#buckets, rates, nowMs);
    this.#rates = rates;
  }

  /** The rate as the server's answer shows it. */
  #corrected(rate: Rate, told: ServerLevel | undefined, nowMs: number): Rate {
    const { limit = 0, remaining = 0, atMs = nowMs } = told ?? {};
    const memory = this.#memory(rate.currency);
    if (!(limit > 0 && limit < Number.POSITIVE_INFINITY) || atMs < memory.limitToldMs) return showing(rate, remaining);
    memory.limitToldMs = atMs;
    return showing(withLimit(rate, limit), remaining);
  }

  #memory(currency: string): Memory {
    let memory = this.#memories.get(currency);
    if (memory === undefined) {
      memory = { taken: new TakenLog(), limitToldMs: Number.NEGATIVE_INFINITY };
      this.#memories.set(currency, memory);
    }
    return memory;
  }
}
