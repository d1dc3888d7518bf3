import type { ServerLevel } from "bide";
import { type Currency, PERIOD_MS } from "./currencies.js";
import { OtherUse } from "./other-use.js";
import type { RateSearch } from "./rate-search.js";
import type { Reading } from "./readings.js";
import type { SentAt } from "./spent.js";

/** Where a limit is known from. */
export type LimitSource = "told" | "learned" | "searched";

/** Others never take so much that nothing is left to find out with whether they still do. */
const MOST_SHARED = 0.95;
const SHARE_STEP = 0.03;
/** What stays in a bucket that is shared, by count of requests: what others take is known a moment late. */
const KEPT_REQUESTS = 4;
const LATELY_MS = 10_000;

/** One bucket of a lane, beside what the limiter knows of it: where its limit is from, and what others take. */
export class Bucket {
  readonly currency: Currency;
  /** What the user said. */
  readonly told: number | undefined;
  /** What the provider said. */
  limit: number | undefined;
  /** What its limit is searched with, where nobody tells it, or what was told does not hold. */
  search: RateSearch | undefined;
  /** All that was taken before the limiter counted this currency. */
  readonly #takenBefore: number;
  readonly #other = new OtherUse();
  /** The share that others take, as the limiter was told. */
  #shared = 0;
  /** The newest request whose answer told something. */
  #readMs = Number.NEGATIVE_INFINITY;
  /** What was let in before left nobody knows when. */
  #freeMs = Number.NEGATIVE_INFINITY;

  constructor(currency: Currency, told: number | undefined, takenBefore: number) {
    this.currency = currency;
    this.told = told;
    this.#takenBefore = takenBefore;
  }

  get source(): LimitSource {
    if (this.search !== undefined) return "searched";
    return this.limit === undefined || this.limit === this.told ? "told" : "learned";
  }

  /** What the user or the provider said, whichever is less. */
  get known(): number | undefined {
    if (this.told === undefined) return this.limit;
    return Math.min(this.told, this.limit ?? this.told);
  }

  /** What may be spent in the currency's own period, as far as it is known or searched. */
  get rate(): number {
    const searched = this.search && (this.search.perSecond * PERIOD_MS[this.currency]) / 1000;
    return Math.min(this.known ?? Number.POSITIVE_INFINITY, searched ?? Number.POSITIVE_INFINITY);
  }

  get ratePerMs(): number {
    return this.rate / PERIOD_MS[this.currency];
  }

  /** In how long the limiter is to be given the rate: in longer than the period, where others take a share of it. */
  get sharedPeriodMs(): number {
    return PERIOD_MS[this.currency] / (1 - this.#shared);
  }

  /** Whether headers told of it lately. */
  isHeard(nowMs: number): boolean {
    return nowMs - this.#readMs < LATELY_MS;
  }

  /** What is older than what was read already says nothing new. */
  isNews({ sentMs }: SentAt): boolean {
    return sentMs >= this.#readMs;
  }

  /** Counts anew what others take: the limit or the prices are other ones. */
  forgetOthers(): void {
    this.#other.forget();
  }

  /** The provider said another limit: what others take of it is counted anew. Returns whether they had a share before. */
  learn(limit: number): boolean {
    const wasShared = this.#shared > 0;
    this.limit = limit;
    this.#other.forget();
    this.#shared = 0;
    return wasShared;
  }

  /** The host was busy until now: what was let in meanwhile has only just left, and says nothing of what others take. */
  late(nowMs: number): void {
    this.#freeMs = nowMs;
    this.#other.forget();
  }

  /** An answer told what is left. Returns whether others take another share of it than they did. */
  note({ remaining }: Reading, { sentMs, admitted, cost }: SentAt, jitterMs: number): boolean {
    if (remaining === undefined || sentMs < this.#freeMs) return false;
    const { currency, ratePerMs } = this;
    const taken = admitted[currency] ?? 0;
    this.#other.note({ remaining, taken, sentMs, unit: cost[currency] ?? 1, jitterMs }, ratePerMs);
    const share = Math.min(MOST_SHARED, this.#other.perMs / ratePerMs);
    if (Math.abs(share - this.#shared) < SHARE_STEP && (share > 0 || this.#shared === 0)) return false;
    this.#shared = share;
    return true;
  }

  /** What an answer says of the level, for the limiter. @param jitterMs How far arrivals are apart. */
  level({ remaining }: Reading, sent: SentAt, nowMs: number, jitterMs: number): ServerLevel {
    const { sentMs, taken, cost } = sent;
    const { currency, rate } = this;
    const told = rate === Number.POSITIVE_INFINITY ? {} : { limit: rate };
    if (remaining === undefined || !this.isNews(sent)) return { ...told, atMs: sentMs };
    this.#readMs = sentMs;
    // What went before the limiter counted this currency is in none of its logs.
    const uncounted = Math.max(0, this.#takenBefore - (taken[currency] ?? 0));
    // Those who arrived before it may have been sent after it, so far as arrivals are apart: by then, it had seen them all.
    const atMs = Math.min(nowMs, sentMs + jitterMs);
    // Beside others, the bucket is never emptied: whoever comes to an empty one is refused, and may be charged for it.
    const keptMs = this.#shared > 0 ? this.keptMs(cost[currency] ?? 1) : undefined;
    return { ...told, remaining: Math.max(0, remaining - uncounted), atMs, jitterMs: keptMs };
  }

  /** How long it takes until so much came in as is kept for others. @param unit What a request costs. */
  keptMs(unit: number): number {
    return (KEPT_REQUESTS * unit * this.sharedPeriodMs) / this.rate;
  }
}
