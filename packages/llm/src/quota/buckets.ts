import type { Cost, CurrencyState, Duration, RateLimitPolicy, ServerLevel } from "bide";
import { Bucket, type LimitSource } from "./bucket.js";
import { type Currency, PERIOD_MS } from "./currencies.js";
import type { LaneStore } from "./lane-store.js";
import type { QuotaConfig } from "./options.js";
import { RateSearch } from "./rate-search.js";
import type { Reading } from "./readings.js";
import { type SentAt, Spent } from "./spent.js";

/** While a rate is searched, so much of it may go at once. */
const SEARCH_BURST_MS = 100;
/** A rate that is searched is told for so long a time that no request is too large for it: it may be another one soon. */
const SEARCH_PER_MS = 3_600_000;
/** Faster than that, nothing is limited. */
const UNLIMITED_PER_SECOND = 20_000;

/** The buckets of a lane: what was told, what answers tell, and what is searched for, all brought to one limiter. */
export class Buckets {
  readonly spent: Spent = new Spent();
  readonly #config: QuotaConfig;
  readonly #limiter: RateLimitPolicy;
  readonly #store: LaneStore;
  readonly #buckets = new Map<Currency, Bucket>();

  constructor(config: QuotaConfig, limiter: RateLimitPolicy, store: LaneStore) {
    this.#config = config;
    this.#limiter = limiter;
    this.#store = store;
    for (const [currency, { limit, burst }] of Object.entries(config.limits)) {
      const bucket = this.#add(currency as Currency, limit);
      this.#tell(bucket.currency, bucket.rate, burst);
    }
  }

  /** Nobody told a limit yet. */
  get isNothingKnown(): boolean {
    return [...this.#buckets.values()].every(({ known }) => known === undefined);
  }

  sourceOf(currency: string): LimitSource | undefined {
    return this.#buckets.get(currency as Currency)?.source;
  }

  /** What comes in per millisecond, where it is known or searched. */
  perMs(currency: Currency): number | undefined {
    const perMs = this.#buckets.get(currency)?.ratePerMs;
    return perMs === Number.POSITIVE_INFINITY ? undefined : perMs;
  }

  /** Whether a limit is known from the provider or the user, not just searched for. */
  isKnown(currency: Currency): boolean {
    return this.#buckets.get(currency)?.known !== undefined;
  }

  /** Whether headers told of it lately. */
  isHeard(currency: Currency, nowMs: number): boolean {
    return this.#buckets.get(currency)?.isHeard(nowMs) === true;
  }

  /** An answer told what is left. Returns whether a limit is another one now. */
  read(readings: readonly Reading[], sent: SentAt, nowMs: number): boolean {
    const { learns, arrivalJitterMs, store } = this.#config;
    if (!learns || readings.length === 0) return false;
    const levels: Record<string, ServerLevel> = {};
    let isNews = false;
    // A new bucket is full until its level is known as well.
    this.#store.isHeld = true;
    for (const reading of readings) {
      const { currency, limit } = reading;
      if (limit !== undefined && this.#learn(currency, limit, sent)) isNews = true;
      const bucket = this.#buckets.get(currency);
      if (bucket === undefined) continue;
      // In a store that several share, a reading has what the fellows took as well: nobody here can tell them from strangers.
      if (store === undefined && bucket.note(reading, sent, arrivalJitterMs)) this.#share(bucket);
      levels[currency] = bucket.level(reading, sent, nowMs, arrivalJitterMs);
    }
    this.#store.isHeld = false;
    this.#limiter.sync(levels);
    return isNews;
  }

  /** A refusal told the limit of a bucket, and that this bucket is empty. Returns whether the limit is news. */
  refused(currency: Currency, limit: number | undefined, sent: SentAt): boolean {
    this.#store.isHeld = true;
    const isNews = limit !== undefined && this.#config.learns && this.#learn(currency, limit, sent);
    this.#store.isHeld = false;
    const { sentMs, cost } = sent;
    const bucket = this.#config.store === undefined ? this.#buckets.get(currency) : undefined;
    // It was not to be expected, so somebody else was faster: what comes in next is left to him as well.
    const jitterMs = bucket?.keptMs(cost[currency] ?? 1);
    this.#limiter.sync({ [currency]: { remaining: 0, atMs: sentMs, jitterMs } });
    return isNews;
  }

  /** Requests cost something else from now on: what was counted of others was counted in the old price. */
  repriced(): void {
    for (const bucket of this.#buckets.values()) bucket.forgetOthers();
  }

  /** The host was busy until now, and so much came in here that the server saw nothing of. */
  late(cost: Cost, nowMs: number): void {
    for (const bucket of this.#buckets.values()) bucket.late(nowMs);
    this.#store.owe(cost, nowMs);
  }

  searchOf(currency: Currency): RateSearch | undefined {
    return this.#buckets.get(currency)?.search;
  }

  /** Begins to search for a limit that nobody tells, or below one that does not hold; {@link steer} brings it to the limiter. */
  startSearch(currency: Currency, perSecond: number, unit: number): RateSearch {
    const bucket = this.#buckets.get(currency) ?? this.#add(currency, undefined);
    const { known } = bucket;
    const ceiling = known === undefined ? undefined : (known * 1000) / PERIOD_MS[currency];
    bucket.search = new RateSearch(perSecond, unit, ceiling);
    return bucket.search;
  }

  /** Ends a search: what it was for is not limited, or is told. */
  stopSearch(currency: Currency): void {
    const bucket = this.#buckets.get(currency);
    if (bucket?.search === undefined) return;
    bucket.search = undefined;
    const { known } = bucket;
    if (known === undefined) this.#buckets.delete(currency);
    this.#tell(currency, known ?? Number.POSITIVE_INFINITY, undefined);
  }

  /** Brings a search's rate of the moment to the limiter. */
  steer(currency: Currency): void {
    const search = this.searchOf(currency);
    if (search === undefined) return;
    if (search.isOver || search.perSecond > UNLIMITED_PER_SECOND) this.stopSearch(currency);
    else this.#pace(currency, search);
  }

  #add(currency: Currency, told: number | undefined): Bucket {
    const bucket = new Bucket(currency, told, this.spent.taken(currency));
    this.#buckets.set(currency, bucket);
    return bucket;
  }

  #learn(currency: Currency, limit: number, sent: SentAt): boolean {
    const bucket = this.#buckets.get(currency) ?? this.#add(currency, undefined);
    if (bucket.limit === limit || !bucket.isNews(sent)) return false;
    const isNew = bucket.known === undefined || bucket.search !== undefined;
    const wasShared = bucket.learn(limit);
    bucket.search = undefined;
    if (isNew) this.#tell(currency, bucket.rate, undefined);
    else if (wasShared) this.#share(bucket);
    this.#dropSearches();
    return true;
  }

  /** A provider that tells its limits has told all of them. */
  #dropSearches(): void {
    for (const { currency, search, known } of this.#buckets.values()) {
      if (search !== undefined && known === undefined) this.stopSearch(currency);
    }
  }

  #pace(currency: Currency, { perSecond }: RateSearch): void {
    const burst = Math.max(1, (perSecond * SEARCH_BURST_MS) / 1000);
    this.#limiter.update({ [currency]: { per: SEARCH_PER_MS, limit: (perSecond * SEARCH_PER_MS) / 1000, burst } });
  }

  #tell(currency: Currency, limit: number, burst: number | Duration | undefined): void {
    this.#limiter.update({ [currency]: { per: PERIOD_MS[currency], limit, burst } });
  }

  /** What comes in is shared with others: the limiter is told of what they leave. The limit itself stays what one may cost. */
  #share({ currency, rate, sharedPeriodMs }: Bucket): void {
    const { burst } = this.#limiter.state().currencies[currency] ?? {};
    this.#limiter.update({ [currency]: { per: sharedPeriodMs, limit: rate, burst } });
  }
}

/** A bucket's limit in its currency's own period: a search tells the limiter another one. */
export function perPeriod(currency: string, { limit, perMs }: CurrencyState): Pick<CurrencyState, "limit" | "perMs"> {
  const period = PERIOD_MS[currency as Currency] ?? perMs;
  return { limit: (limit * period) / perMs, perMs: period };
}
