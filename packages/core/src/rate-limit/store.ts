import type { TooLarge } from "./gcra.js";
import type { Cost, Rate } from "./limits.js";

/** A value, or a promise of it: a store in memory answers at once, one elsewhere later. */
export type Eventually<T> = T | PromiseLike<T>;

/** A request for admission, as a store sees it. */
export interface ReserveRequest {
  readonly cost: Cost;
  /** The share of each burst that has to stay for more important requests, 0 to 1. */
  readonly keepFree: number;
  /** The request may reach the server so much later than others do: a full bucket counts as filling from then on. @default 0 */
  readonly jitterMs?: number | undefined;
}

/** What a store answers to a request. */
export type ReserveAnswer =
  /** Taken, in every currency. `id` is what {@link LimiterStore.settle} wants back. */
  | { readonly kind: "admitted"; readonly id: string | number }
  /**
   * Nothing was taken. Asked again so much later, and at no instant before, it is admitted, unless something changed.
   * `Infinity`: time alone does not tell; it is asked again when something changed, such as a reservation that ends.
   */
  | { readonly kind: "wait"; readonly waitMs: number; readonly binds: string }
  /** It can never be admitted. */
  | TooLarge;

/** How a reservation ended. */
export interface Settlement {
  readonly id: string | number;
  readonly cost: Cost;
  readonly actual: Cost;
}

/** What a server said about one currency. */
export interface ServerLevel {
  /** How much is left. Negative or not a number: unknown. */
  readonly remaining?: number | undefined;
  /** The limit, where it was told. */
  readonly limit?: number | undefined;
  /** When this was true, on the limiter's clock; what was reserved after it counts as not yet seen by the server. @default now */
  readonly atMs?: number | undefined;
  /** It may have become true so much later than `atMs`. @default 0 */
  readonly jitterMs?: number | undefined;
}

/** What a server said, by currency. */
export type ServerLevels = Readonly<Record<string, ServerLevel>>;

/** One bucket, as it was last known. */
export interface CurrencyState {
  /** What may go now; negative: a debt that is paid back first. */
  readonly level: number;
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;
}

/** The buckets, as they were last known. */
export interface StoreState {
  readonly currencies: Readonly<Record<string, CurrencyState>>;
  /** The end of the pause, on the limiter's clock; `undefined` when there is none. */
  readonly pausedUntilMs: number | undefined;
}

/**
 * Where buckets are kept. A store decides and counts; who waits, and in which order, is the limiter's affair.
 * `nowMs` is the limiter's clock; a store with a clock of its own uses that one, and answers in differences.
 * Every method is one atomic step. The suite `limiterStoreCases` in `bide/testing` says the same as tests.
 */
export interface LimiterStore {
  /** Takes the cost in all currencies, or in none. */
  reserve(request: ReserveRequest, nowMs: number): Eventually<ReserveAnswer>;
  /** Puts a reservation right: the difference comes back, or becomes a debt. Called at most once for each. */
  settle(settlement: Settlement, nowMs: number): Eventually<void>;
  /** Hears what a server said is left; see {@link ServerLevel}. Currencies that it does not know are ignored. */
  sync(levels: ServerLevels, nowMs: number): Eventually<void>;
  /** Admits nothing for so long, then one, then the rest as the buckets fill from nothing. Never shortens a pause. */
  pause(durationMs: number, nowMs: number): Eventually<void>;
  /** These currencies have these rates from now on; an infinite limit ends one. What was spent stays spent. */
  update(rates: readonly Rate[], nowMs: number): Eventually<void>;
  /** What is known, without asking anybody. */
  state(nowMs: number): StoreState;
}
