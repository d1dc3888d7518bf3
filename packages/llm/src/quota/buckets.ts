import type { CurrencyState, Duration, RateLimitPolicy, ServerLevel } from "bide";
import { type Currency, PERIOD_MS } from "./currencies.js";
import type { QuotaConfig } from "./options.js";
import { OtherUse } from "./other-use.js";
import { RateSearch, SEARCH_START } from "./rate-search.js";
import type { Reading } from "./readings.js";

/** Where a limit is known from. */
export type LimitSource = "told" | "learned" | "searched";

/** What was taken by a moment, by currency. */
export type Totals = Readonly<Partial<Record<Currency, number>>>;

/** When a request was sent, and what had been taken by then, itself included. */
export interface SentAt {
  readonly sentMs: number;
  readonly totals: Totals;
}

/** One bucket, beside what the limiter knows of it. */
interface Bucket {
  /** What the user said. */
  readonly told: number | undefined;
  /** What the provider said. */
  limit: number | undefined;
  search: RateSearch | undefined;
  /** All that was taken before the limiter counted this currency. */
  readonly takenBefore: number;
  readonly other: OtherUse;
  /** The newest request whose answer told something. */
  readMs: number;
}

/** While a rate is searched, so much of it may go at once. */
const SEARCH_BURST_MS = 100;
/** A rate that is searched is told for so long a time that no request is too large for it: it may be another one soon. */
const SEARCH_PER_MS = 3_600_000;
const LATELY_MS = 10_000;
/** Faster than that, nothing is limited. */
const UNLIMITED_PER_SECOND = 20_000;

/** The buckets of a lane: what was told, what answers tell, and what is searched for, all brought to one limiter. */
export class Buckets {
  readonly #config: QuotaConfig;
  readonly #limiter: RateLimitPolicy;
  readonly #buckets = new Map<Currency, Bucket>();
  #totals: Partial<Record<Currency, number>> = {};

  constructor(config: QuotaConfig, limiter: RateLimitPolicy) {
    this.#config = config;
    this.#limiter = limiter;
    for (const [currency, { limit, burst }] of Object.entries(config.limits)) {
      const bucket = this.#add(currency as Currency, limit);
      this.#tell(currency as Currency, this.#rateOf(currency as Currency, bucket), burst);
    }
    const isSearching = config.learns && config.store === undefined && this.#buckets.size === 0;
    if (isSearching) this.#search("requests", new RateSearch(SEARCH_START));
  }

  /** Everything that was taken so far. */
  get totals(): Totals {
    return this.#totals;
  }

  sourceOf(currency: string): LimitSource | undefined {
    const bucket = this.#buckets.get(currency as Currency);
    if (bucket === undefined) return undefined;
    if (bucket.search !== undefined) return "searched";
    return bucket.limit === undefined || bucket.limit === bucket.told ? "told" : "learned";
  }

  /** What comes in per millisecond, where it is known or searched. */
  perMs(currency: Currency): number | undefined {
    const bucket = this.#buckets.get(currency);
    const limit = bucket && this.#rateOf(currency, bucket);
    return limit === undefined || limit === Number.POSITIVE_INFINITY ? undefined : limit / PERIOD_MS[currency];
  }

  /** A request goes. */
  taken(cost: Readonly<Record<string, number>>, sign: 1 | -1 = 1): Totals {
    const totals = { ...this.#totals };
    for (const currency in cost) {
      totals[currency as Currency] = (totals[currency as Currency] ?? 0) + sign * (cost[currency] ?? 0);
    }
    this.#totals = totals;
    return totals;
  }

  /** An answer told what is left. Returns whether a limit is another one now. */
  read(readings: readonly Reading[], sent: SentAt, nowMs: number): boolean {
    if (!this.#config.learns || readings.length === 0) return false;
    const levels: Record<string, ServerLevel> = {};
    let isNews = false;
    for (const reading of readings) {
      const { currency, limit } = reading;
      if (limit !== undefined && this.learn(currency, limit, sent.sentMs)) isNews = true;
      const bucket = this.#buckets.get(currency);
      if (bucket !== undefined) levels[currency] = this.#level(currency, bucket, reading, sent, nowMs);
    }
    this.#limiter.sync(levels);
    return isNews;
  }

  /** The provider said what a limit is. Returns whether that is news. */
  learn(currency: Currency, limit: number, sentMs: number): boolean {
    if (!this.#config.learns) return false;
    this.#dropSearch();
    let bucket = this.#buckets.get(currency);
    if (bucket === undefined) {
      bucket = this.#add(currency, undefined);
      bucket.limit = limit;
      bucket.readMs = sentMs;
      this.#tell(currency, limit, undefined);
      return true;
    }
    if (bucket.limit === limit || sentMs < bucket.readMs) return false;
    bucket.limit = limit;
    bucket.search = undefined;
    bucket.other.forget();
    return true;
  }

  /** Whether a limit is known from the provider or the user, not just searched for. */
  isKnown(currency: Currency): boolean {
    const bucket = this.#buckets.get(currency);
    return bucket !== undefined && (bucket.told !== undefined || bucket.limit !== undefined);
  }

  /** Whether headers told of it lately. */
  isHeard(currency: Currency, nowMs: number): boolean {
    const bucket = this.#buckets.get(currency);
    return bucket !== undefined && nowMs - bucket.readMs < LATELY_MS;
  }

  /** The bucket is empty, whatever was believed: a request was refused for it. */
  emptied(currency: Currency, sentMs: number): void {
    this.#limiter.sync({ [currency]: { remaining: 0, atMs: sentMs } });
  }

  searchOf(currency: Currency): RateSearch | undefined {
    return this.#buckets.get(currency)?.search;
  }

  /** Searches for a limit that nobody tells, or below one that does not hold; from what was used of late. */
  startSearch(currency: Currency, perSecond: number, unit: number): RateSearch {
    const bucket = this.#buckets.get(currency);
    const known = bucket && this.#limitOf(bucket);
    const ceiling = known === undefined ? undefined : (known * 1000) / PERIOD_MS[currency];
    const search = new RateSearch(perSecond, unit, ceiling);
    this.#search(currency, search);
    return search;
  }

  /** Ends a search: what it was for is not limited, or is told. */
  stopSearch(currency: Currency): void {
    const bucket = this.#buckets.get(currency);
    if (bucket?.search === undefined) return;
    bucket.search = undefined;
    const limit = this.#limitOf(bucket);
    if (limit === undefined) this.#buckets.delete(currency);
    this.#tell(currency, limit ?? Number.POSITIVE_INFINITY, undefined);
  }

  /** Brings a search's rate of the moment to the limiter. */
  steer(currency: Currency): void {
    const search = this.#buckets.get(currency)?.search;
    if (search === undefined) return;
    if (search.isOver || search.perSecond > UNLIMITED_PER_SECOND) this.stopSearch(currency);
    else this.#pace(currency, search);
  }

  #add(currency: Currency, told: number | undefined): Bucket {
    const bucket: Bucket = {
      told,
      limit: undefined,
      search: undefined,
      takenBefore: this.#totals[currency] ?? 0,
      other: new OtherUse(),
      readMs: Number.NEGATIVE_INFINITY,
    };
    this.#buckets.set(currency, bucket);
    return bucket;
  }

  #search(currency: Currency, search: RateSearch): void {
    const bucket = this.#buckets.get(currency) ?? this.#add(currency, undefined);
    bucket.search = search;
    this.#pace(currency, search);
  }

  /** A provider that tells its limits has told all of them. */
  #dropSearch(): void {
    for (const [currency, { search, limit, told }] of this.#buckets) {
      if (search !== undefined && limit === undefined && told === undefined) this.stopSearch(currency);
    }
  }

  #pace(currency: Currency, search: RateSearch): void {
    const { perSecond } = search;
    const burst = Math.max(search.isFresh ? SEARCH_START : 1, (perSecond * SEARCH_BURST_MS) / 1000);
    this.#limiter.update({ [currency]: { per: SEARCH_PER_MS, limit: (perSecond * SEARCH_PER_MS) / 1000, burst } });
  }

  #limitOf({ told, limit }: Bucket): number | undefined {
    if (told === undefined) return limit;
    return Math.min(told, limit ?? told);
  }

  /** Per the currency's own period. */
  #rateOf(currency: Currency, bucket: Bucket): number {
    const searched = bucket.search && (bucket.search.perSecond * PERIOD_MS[currency]) / 1000;
    return Math.min(this.#limitOf(bucket) ?? Number.POSITIVE_INFINITY, searched ?? Number.POSITIVE_INFINITY);
  }

  #tell(currency: Currency, limit: number, burst: number | Duration | undefined): void {
    this.#limiter.update({ [currency]: { per: PERIOD_MS[currency], limit, burst } });
  }

  #level(currency: Currency, bucket: Bucket, reading: Reading, sent: SentAt, nowMs: number): ServerLevel {
    const { sentMs, totals } = sent;
    const limit = this.#rateOf(currency, bucket);
    const told = limit === Number.POSITIVE_INFINITY ? {} : { limit };
    const { remaining } = reading;
    // What is older than what was read already says nothing new.
    if (remaining === undefined || sentMs < bucket.readMs) return { ...told, atMs: sentMs };
    bucket.readMs = sentMs;
    const taken = totals[currency] ?? 0;
    const ratePerMs = limit / PERIOD_MS[currency];
    const isFull = reading.limit !== undefined && remaining >= reading.limit - (taken > 0 ? 1 : 0);
    bucket.other.note({ remaining, taken, sentMs }, ratePerMs, isFull);
    const goneBy = bucket.other.perMs * (nowMs - sentMs);
    // The limiter knows what was taken after this request, but for what went before it counted this currency.
    const uncounted = Math.max(0, bucket.takenBefore - taken);
    const left = remaining - uncounted - goneBy;
    return { ...told, remaining: Math.max(0, left), atMs: sentMs, jitterMs: this.#config.arrivalJitterMs };
  }
}

/** A bucket's limit in its currency's own period: a search tells the limiter another one. */
export function perPeriod(currency: string, { limit, perMs }: CurrencyState): Pick<CurrencyState, "limit" | "perMs"> {
  const period = PERIOD_MS[currency as Currency] ?? perMs;
  return { limit: (limit * period) / perMs, perMs: period };
}
