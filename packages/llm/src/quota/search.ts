import type { SentRequest } from "./admission.js";
import type { Buckets } from "./buckets.js";
import { CONCURRENCY_START, ConcurrencySearch } from "./concurrency-search.js";
import type { Currency } from "./currencies.js";
import { SEARCH_START } from "./rate-search.js";
import type { LimitHit } from "./refusal-text.js";
import type { LaneChange } from "./state.js";

/** A limit turned a request away. */
export interface LimitRefusal {
  readonly sent: SentRequest;
  readonly hit: LimitHit;
  readonly type: "rate" | "rate-long" | "ramp";
  /** What the server asked for. */
  readonly waitMs: number | undefined;
  readonly nowMs: number;
  /** The most in flight at which a request was let in, of late. */
  readonly admittedInFlight: number;
  /** What a request costs at the mean. */
  mean(currency: string): number;
}

/** What follows from it. */
export interface Consequence {
  /** Nobody goes for so long. */
  readonly pauseMs?: number | undefined;
  readonly change?: LaneChange | undefined;
}

const LEAST_PAUSE_MS = 50;
const LONGEST_OWN_PAUSE_MS = 30_000;
/** A limit that was told and is hit so often in so long, without a header to say why, is lower than it was told. */
const MOST_HITS = 3;
const HITS_MS = 10_000;
/** Counts of requests in flight here and at the server differ by those on the way. */
const ON_THE_WAY = 3;
const ON_THE_WAY_SHARE = 0.05;

const NOTHING: Consequence = Object.freeze({});

/** What to do about refusals: wait for known limits, and find unknown ones; one cut per episode. */
export class Search {
  readonly #buckets: Buckets;
  readonly #toldConcurrency: number;
  readonly #isAllowed: boolean;
  #learnedConcurrency = Number.POSITIVE_INFINITY;
  #concurrency: ConcurrencySearch | undefined;
  /** Refusals of what was sent before say nothing new. */
  #episodeMs = Number.NEGATIVE_INFINITY;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** Episodes in which not one was let in since the one before. */
  #inRow = 0;
  #takenAtEpisode = 0;
  #hits: number[] = [];

  /** @param isAllowed Whether limits may be searched for; otherwise only hints count. */
  constructor(buckets: Buckets, toldConcurrency: number, isAllowed: boolean) {
    this.#buckets = buckets;
    this.#toldConcurrency = toldConcurrency;
    this.#isAllowed = isAllowed;
    if (isAllowed && toldConcurrency === Number.POSITIVE_INFINITY && buckets.isNothingKnown) {
      this.#concurrency = new ConcurrencySearch(CONCURRENCY_START);
    }
  }

  /** How many may be in flight. */
  get mostInFlight(): number {
    const searched = this.#concurrency?.limit ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#toldConcurrency, this.#learnedConcurrency, searched);
  }

  /** Whether anything is searched: what is in use matters to nobody else. */
  get isOn(): boolean {
    return this.#concurrency !== undefined || SEARCHED.some((currency) => this.#buckets.searchOf(currency));
  }

  /** Somebody finds no place in flight. Returns in how long there will be one more, as long as none is given back. */
  nextPlaceMs(nowMs: number): number {
    const search = this.#concurrency;
    const isSearched = search !== undefined && search.limit === this.mostInFlight;
    return isSearched ? search.nextPlaceMs(nowMs) : Number.POSITIVE_INFINITY;
  }

  /** Time passed. @param isRateUsed It is the rate that holds back those who wait. */
  grow(nowMs: number, isRateUsed: boolean): void {
    this.#concurrency?.grow(nowMs);
    for (const currency of SEARCHED) {
      const search = this.#buckets.searchOf(currency);
      if (search === undefined) continue;
      search.grow(nowMs, isRateUsed);
      this.#buckets.steer(currency);
    }
  }

  /** A request was let in and answered. */
  answered({ inFlight }: SentRequest, nowMs: number, isRateUsed: boolean): void {
    this.grow(nowMs, isRateUsed);
    this.#concurrency?.answered(inFlight, nowMs);
  }

  refused(refusal: LimitRefusal): Consequence {
    const { sent, hit, type, waitMs, nowMs } = refusal;
    if (type === "rate-long" || !this.#isAllowed) return this.#waitFor(waitMs, nowMs);
    if (sent.sentMs < this.#episodeMs) {
      // Said of the time before the last cut; a longer pause that is still on counts all the same.
      return nowMs < this.#pausedUntilMs ? this.#waitFor(waitMs, nowMs) : NOTHING;
    }
    this.#episodeMs = nowMs;
    const taken = sent.taken.requests ?? 0;
    this.#inRow = taken - this.#takenAtEpisode <= 1 ? this.#inRow + 1 : 1;
    this.#takenAtEpisode = taken;
    if (type === "ramp") return this.#slowed(refusal);
    if (hit.currency === "concurrency") return this.#crowded(refusal, true);
    if (hit.currency !== undefined) return this.#short(hit.currency, refusal);
    return this.#unexplained(refusal);
  }

  /** Too many at once: nobody has to wait for a time, but for an end. @param isCertain The server said so. */
  #crowded({ sent, hit, waitMs, nowMs }: LimitRefusal, isCertain: boolean): Consequence {
    const { inFlight, sentMs } = sent;
    if (hit.limit !== undefined && inFlight > hit.limit) this.#learnedConcurrency = hit.limit;
    else {
      this.#concurrency ??= new ConcurrencySearch(inFlight);
      this.#concurrency.refused(inFlight, sentMs, nowMs, isCertain);
    }
    return { ...this.#waitFor(waitMs, nowMs), change: "concurrency" };
  }

  /** A bucket was empty. */
  #short(currency: Currency, refusal: LimitRefusal): Consequence {
    const { sent, hit, waitMs, nowMs } = refusal;
    const buckets = this.#buckets;
    const isTold = hit.limit !== undefined || (buckets.isKnown(currency) && buckets.searchOf(currency) === undefined);
    if (isTold && !this.#isDoubtful(currency, nowMs)) {
      const isNews = buckets.refused(currency, hit.limit, sent);
      const ownMs = this.#ownPauseMs(
        (sent.cost[currency] ?? 1) / (buckets.perMs(currency) ?? Number.POSITIVE_INFINITY),
      );
      return { pauseMs: this.#until(Math.max(waitMs ?? 0, ownMs), nowMs), change: isNews ? "learned" : undefined };
    }
    const unit = refusal.mean(currency);
    const search =
      buckets.searchOf(currency) ?? buckets.startSearch(currency, this.#startPerSecond(currency, unit, nowMs), unit);
    // Another bucket than the one that was searched is the one that binds.
    if (currency !== "requests" && !buckets.isKnown("requests")) buckets.stopSearch("requests");
    const admitted =
      Math.min(buckets.spent.admitted(currency), sent.admitted[currency] ?? 0) - (sent.cost[currency] ?? 0);
    search.refused({ sentMs: sent.sentMs, nowMs, admitted }, unit);
    buckets.steer(currency);
    const ownMs = this.#ownPauseMs(Math.max(LEAST_PAUSE_MS, (2000 * unit) / search.perSecond));
    return { pauseMs: this.#until(Math.max(waitMs ?? 0, ownMs), nowMs), change: "cut" };
  }

  /**
   * Too many, and nobody says of what. Fewer in flight than were let in before, or one alone: then it was the rate. More than
   * ever before: it may be either. Some fewer go then, and if one of those is refused again, it was the rate. A rate that is
   * searched already is raised until it is refused: as many as before are enough then.
   */
  #unexplained(refusal: LimitRefusal): Consequence {
    const { sent, waitMs, nowMs, admittedInFlight } = refusal;
    const isSearched = this.#buckets.searchOf("requests") !== undefined;
    const margin = isSearched ? 0 : Math.max(ON_THE_WAY, ON_THE_WAY_SHARE * admittedInFlight);
    if (sent.inFlight <= Math.max(1, admittedInFlight - margin)) {
      this.#concurrency = undefined;
      return this.#short("requests", refusal);
    }
    const pauseMs = Math.max(waitMs ?? 0, this.#ownPauseMs(LEAST_PAUSE_MS));
    return { ...this.#crowded(refusal, false), pauseMs: this.#until(pauseMs, nowMs) };
  }

  /** Use grows faster than the provider likes: half the rate, and back little by little. */
  #slowed({ sent, waitMs, nowMs, mean }: LimitRefusal): Consequence {
    const currency: Currency = this.#buckets.searchOf("tokens") === undefined ? "requests" : "tokens";
    const unit = mean(currency);
    const search =
      this.#buckets.searchOf(currency) ??
      this.#buckets.startSearch(currency, this.#startPerSecond(currency, unit, nowMs), unit);
    search.halve(sent.sentMs, nowMs);
    this.#buckets.steer(currency);
    return { ...this.#waitFor(waitMs, nowMs), change: "slowed" };
  }

  /** Where a search begins: at what is known, as fast as requests are let in by what is searched already, or as they went. */
  #startPerSecond(currency: Currency, unit: number, nowMs: number): number {
    const known = this.#buckets.perMs(currency);
    if (known !== undefined) return known * 1000;
    const requests = this.#buckets.perMs("requests");
    return requests === undefined
      ? Math.max(SEARCH_START, this.#buckets.spent.lately(nowMs)) * unit
      : requests * 1000 * unit;
  }

  /** A known limit was hit again and again, and no header says that somebody else spends from it. */
  #isDoubtful(currency: Currency, nowMs: number): boolean {
    if (this.#buckets.isHeard(currency, nowMs)) return false;
    this.#hits = [...this.#hits.filter((ms) => nowMs - ms < HITS_MS), nowMs];
    return this.#hits.length >= MOST_HITS;
  }

  /** One pause after another without an answer: each is twice as long. */
  #ownPauseMs(ms: number): number {
    return Math.min(LONGEST_OWN_PAUSE_MS, ms * 2 ** Math.min(20, this.#inRow - 1));
  }

  #waitFor(waitMs: number | undefined, nowMs: number): Consequence {
    return waitMs === undefined ? NOTHING : { pauseMs: this.#until(waitMs, nowMs) };
  }

  #until(pauseMs: number, nowMs: number): number {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + pauseMs);
    return pauseMs;
  }
}

const SEARCHED: readonly Currency[] = ["requests", "tokens", "input-tokens", "output-tokens"];
