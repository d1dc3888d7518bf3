import type { Cost, CurrencyState, Duration, RateLimitPolicy, ServerLevel } from "bide";
import { type Currency, PERIOD_MS } from "./currencies.js";
import type { LaneStore } from "./lane-store.js";
import type { QuotaConfig } from "./options.js";
import { OtherUse } from "./other-use.js";
import { RateSearch } from "./rate-search.js";
import type { Reading } from "./readings.js";
import { LatelySum } from "./recent.js";

/** Where a limit is known from. */
export type LimitSource = "told" | "learned" | "searched";

/** What was taken by a moment, by currency. */
export type Totals = Readonly<Partial<Record<Currency, number>>>;

/** When a request was sent, and what had been taken by then, itself included. */
export interface SentAt {
  readonly sentMs: number;
  readonly taken: Totals;
  /** The same without what was refused by then. */
  readonly admitted: Totals;
  /** What it cost itself. */
  readonly cost: Cost;
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
  /** The share that others take, as the limiter was told. */
  shared: number;
  /** The newest request whose answer told something. */
  readMs: number;
}

/** While a rate is searched, so much of it may go at once. */
const SEARCH_BURST_MS = 100;
/** A rate that is searched is told for so long a time that no request is too large for it: it may be another one soon. */
const SEARCH_PER_MS = 3_600_000;
/** Others never take so much that nothing is left to find out with whether they still do. */
const MOST_SHARED = 0.95;
const SHARE_STEP = 0.03;
/** What stays in a bucket that is shared, by count of requests: what others take is known a moment late. */
const KEPT_REQUESTS = 4;
const LATELY_MS = 10_000;
/** Faster than that, nothing is limited. */
const UNLIMITED_PER_SECOND = 20_000;

/** The buckets of a lane: what was told, what answers tell, and what is searched for, all brought to one limiter. */
export class Buckets {
  readonly #config: QuotaConfig;
  readonly #limiter: RateLimitPolicy;
  readonly #store: LaneStore;
  readonly #buckets = new Map<Currency, Bucket>();
  readonly #lately = new LatelySum();
  #taken: Totals = {};
  #refused: Totals = {};

  constructor(config: QuotaConfig, limiter: RateLimitPolicy, store: LaneStore) {
    this.#config = config;
    this.#limiter = limiter;
    this.#store = store;
    for (const [currency, { limit, burst }] of Object.entries(config.limits)) {
      const bucket = this.#add(currency as Currency, limit);
      this.#tell(currency as Currency, this.#rateOf(currency as Currency, bucket), burst);
    }
  }

  /** Nobody told a limit yet. */
  get isNothingKnown(): boolean {
    return [...this.#buckets.values()].every(({ told, limit }) => told === undefined && limit === undefined);
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

  /** A request goes. Returns what was taken by now, itself included. */
  take(cost: Cost, nowMs: number): Pick<SentAt, "taken" | "admitted" | "cost"> {
    this.#taken = plus(this.#taken, cost);
    this.#lately.add(cost["requests"] ?? 0, nowMs);
    return { cost, taken: this.#taken, admitted: plus(this.#taken, this.#refused, -1) };
  }

  /** How many requests went in the last second or so. */
  lately(nowMs: number): number {
    return this.#lately.value(nowMs);
  }

  /** So much of what was taken was refused. */
  refuse(cost: Cost): void {
    this.#refused = plus(this.#refused, cost);
  }

  /** All that was let in by now. */
  admitted(currency: Currency): number {
    return (this.#taken[currency] ?? 0) - (this.#refused[currency] ?? 0);
  }

  /** An answer told what is left. Returns whether a limit is another one now. */
  read(readings: readonly Reading[], sent: SentAt, nowMs: number): boolean {
    if (!this.#config.learns || readings.length === 0) return false;
    const levels: Record<string, ServerLevel> = {};
    let isNews = false;
    // A new bucket is full until its level is known as well.
    this.#store.isHeld = true;
    for (const reading of readings) {
      const { currency, limit } = reading;
      if (limit !== undefined && this.#learn(currency, limit, sent.sentMs)) isNews = true;
      const bucket = this.#buckets.get(currency);
      if (bucket !== undefined) levels[currency] = this.#level(currency, bucket, reading, sent, nowMs);
    }
    this.#store.isHeld = false;
    this.#limiter.sync(levels);
    return isNews;
  }

  /** A refusal told the limit of a bucket, and that this bucket is empty. Returns whether the limit is news. */
  refused(currency: Currency, limit: number | undefined, { sentMs, cost }: SentAt): boolean {
    this.#store.isHeld = true;
    const isNews = limit !== undefined && this.#config.learns && this.#learn(currency, limit, sentMs);
    this.#store.isHeld = false;
    const bucket = this.#buckets.get(currency);
    // It was not to be expected, so somebody else was faster: what comes in next is his as well.
    const jitterMs = bucket && this.#keptMs(currency, bucket, cost[currency] ?? 1);
    this.#limiter.sync({ [currency]: { remaining: 0, atMs: sentMs, jitterMs } });
    return isNews;
  }

  #learn(currency: Currency, limit: number, sentMs: number): boolean {
    const bucket = this.#buckets.get(currency) ?? this.#add(currency, undefined);
    if (bucket.limit === limit || sentMs < bucket.readMs) return false;
    const isNew = bucket.limit === undefined && bucket.told === undefined;
    bucket.limit = limit;
    bucket.other.forget();
    bucket.shared = 0;
    if (isNew || bucket.search !== undefined) {
      bucket.search = undefined;
      this.#tell(currency, this.#rateOf(currency, bucket), undefined);
    }
    this.#dropSearches();
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

  /** Requests cost something else from now on: what was counted of others was counted in the old price. */
  repriced(): void {
    for (const { other } of this.#buckets.values()) other.forget();
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
      takenBefore: this.#taken[currency] ?? 0,
      other: new OtherUse(),
      shared: 0,
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
  #dropSearches(): void {
    for (const [currency, { search, limit, told }] of this.#buckets) {
      if (search !== undefined && limit === undefined && told === undefined) this.stopSearch(currency);
    }
  }

  #pace(currency: Currency, search: RateSearch): void {
    const { perSecond } = search;
    const burst = Math.max(1, (perSecond * SEARCH_BURST_MS) / 1000);
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

  /** What comes in is shared with others: the limiter is told of what they leave. The limit itself stays what one may cost. */
  #share(currency: Currency, bucket: Bucket, ratePerMs: number): void {
    const share = Math.min(MOST_SHARED, bucket.other.perMs / ratePerMs);
    if (Math.abs(share - bucket.shared) < SHARE_STEP && (share > 0 || bucket.shared === 0)) return;
    bucket.shared = share;
    const { burst } = this.#limiter.state().currencies[currency] ?? {};
    const per = PERIOD_MS[currency] / (1 - share);
    this.#limiter.update({ [currency]: { per, limit: ratePerMs * PERIOD_MS[currency], burst } });
  }

  /** How long it takes until so much came in as is kept for others. */
  #keptMs(currency: Currency, bucket: Bucket, unit: number): number {
    const ratePerMs = this.#rateOf(currency, bucket) / PERIOD_MS[currency];
    return (KEPT_REQUESTS * unit) / (ratePerMs * (1 - bucket.shared));
  }

  #level(currency: Currency, bucket: Bucket, reading: Reading, sent: SentAt, nowMs: number): ServerLevel {
    const { sentMs, taken, admitted, cost } = sent;
    const limit = this.#rateOf(currency, bucket);
    const told = limit === Number.POSITIVE_INFINITY ? {} : { limit };
    const { remaining } = reading;
    if (remaining === undefined) return { ...told, atMs: sentMs };
    const ratePerMs = limit / PERIOD_MS[currency];
    // In a store that several share, a reading has what the fellows took as well: nobody here can tell them from strangers.
    const isAlone = this.#config.store === undefined;
    if (isAlone) {
      const unit = cost[currency] ?? 1;
      bucket.other.note({ remaining, taken: admitted[currency] ?? 0, sentMs, unit }, ratePerMs);
    }
    // What is older than what was read already says nothing new of what is left.
    if (sentMs < bucket.readMs) return { ...told, atMs: sentMs };
    bucket.readMs = sentMs;
    // What went before the limiter counted this currency is in none of its logs.
    const uncounted = Math.max(0, bucket.takenBefore - (taken[currency] ?? 0));
    if (isAlone) this.#share(currency, bucket, ratePerMs);
    // Those who arrived before it may have been sent after it, so far as arrivals are apart: by then, it had seen them all.
    const atMs = Math.min(nowMs, sentMs + this.#config.arrivalJitterMs);
    // Beside others, the bucket is never emptied: whoever comes to an empty one is refused, and may be charged for it.
    const jitterMs = bucket.shared > 0 ? this.#keptMs(currency, bucket, cost[currency] ?? 1) : undefined;
    return { ...told, remaining: Math.max(0, remaining - uncounted), atMs, jitterMs };
  }
}

function plus(totals: Totals, cost: Readonly<Record<string, number | undefined>>, sign: 1 | -1 = 1): Totals {
  const sums: Record<string, number> = { ...totals };
  for (const currency in cost) sums[currency] = (sums[currency] ?? 0) + sign * (cost[currency] ?? 0);
  return sums;
}

/** A bucket's limit in its currency's own period: a search tells the limiter another one. */
export function perPeriod(currency: string, { limit, perMs }: CurrencyState): Pick<CurrencyState, "limit" | "perMs"> {
  const period = PERIOD_MS[currency as Currency] ?? perMs;
  return { limit: (limit * period) / perMs, perMs: period };
}
