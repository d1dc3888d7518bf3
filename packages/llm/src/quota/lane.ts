import { type AcquireOptions, type Clock, type Cost, memoryLimiterStore, type RateLimitPolicy, rateLimit } from "bide";
import { defaultClock } from "bide/kit";
import { type ReadAnswer, textOfAnswer, withoutRest } from "../answer.js";
import type { AttemptFailure } from "../attempt-failure.js";
import type { Dialect } from "../dialects/dialect.js";
import { headerDateMs } from "../hints/header-values.js";
import type { RequestSize } from "../request/facts.js";
import { Admission, type AdmissionEnd, type SentRequest } from "./admission.js";
import { Buckets, perPeriod } from "./buckets.js";
import { LaneStore } from "./lane-store.js";
import { LateStart } from "./late-start.js";
import { OpenRequests } from "./open-requests.js";
import type { QuotaConfig } from "./options.js";
import { Pricing } from "./pricing.js";
import { readingsOf } from "./readings.js";
import { RecentMean, RecentMeans } from "./recent.js";
import { limitHitOf } from "./refusal-text.js";
import { Search } from "./search.js";
import type { LaneChange, LaneState } from "./state.js";

/** Whose lane it is, and who wants to hear of it. */
export interface LaneOwner {
  readonly keyId: string;
  readonly model: string;
  readonly dialect: Dialect;
  readonly clock: Clock | undefined;
  tell(cause: LaneChange): void;
}

/** The way of one key to one model: one queue, the buckets behind it, and what answers have taught about them. */
export class Lane {
  readonly #owner: LaneOwner;
  readonly #limiter: RateLimitPolicy;
  readonly #store: LaneStore;
  readonly #buckets: Buckets;
  readonly #pricing: Pricing;
  readonly #search: Search;
  readonly #learns: boolean;
  readonly #isShared: boolean;
  readonly #lateStart = new LateStart();
  readonly #latency = new RecentMean();
  readonly #meanCosts = new RecentMeans();
  /** What waits is priced when its turn comes. */
  readonly #sizes = new WeakMap<Cost, RequestSize>();
  readonly #prices = new WeakMap<Cost, Cost>();
  readonly #open = new OpenRequests();
  /** Pauses so far: a refusal of a request that was sent before the last one says nothing new. */
  #pauses = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #refusal: ReadAnswer | undefined;

  constructor(config: QuotaConfig, owner: LaneOwner) {
    const { keyId, model, dialect, clock } = owner;
    this.#owner = owner;
    this.#learns = config.learns;
    this.#isShared = config.store !== undefined;
    this.#pricing = new Pricing(dialect, config.costModel);
    const inner = config.store?.(`${keyId} ${model}`) ?? memoryLimiterStore();
    this.#store = new LaneStore(inner, {
      price: (cost) => this.#priced(cost),
      turn: (nowMs) => {
        if (this.#search.isOn) this.#search.grow(nowMs, this.#isRateUsed);
      },
      timeFor: (nowMs) => this.#lateStart.timeFor(nowMs),
      mostInFlight: () => this.#mostInFlight,
      nextPlaceMs: (nowMs) => this.#search.nextPlaceMs(nowMs),
    });
    const { interactiveShare, ageingMs: ageing, maxQueue, arrivalJitterMs: arrivalJitter } = config;
    const store = this.#store;
    this.#limiter = rateLimit({}, { clock, store, interactiveShare, ageing, maxQueue, arrivalJitter });
    this.#buckets = new Buckets(config, this.#limiter, store);
    this.#search = new Search(this.#buckets, config.concurrency, config.learns && config.store === undefined);
  }

  /** Waits in line for the end of a pause and for the quota. */
  async admit(size: RequestSize, options: AcquireOptions): Promise<Admission> {
    const asked = { ...this.#pricing.costOf(size) };
    this.#sizes.set(asked, size);
    if (!this.#isShared) this.#watchStart();
    const reservation = await this.#limiter.acquire(asked, options);
    const cost = this.#prices.get(asked) ?? asked;
    this.#meanCosts.add(cost);
    const sent: SentRequest = {
      size,
      ...this.#buckets.spent.take(cost, this.#nowMs()),
      costTotals: this.#pricing.sent(size),
      inFlight: this.#store.inFlight,
    };
    this.#open.add(sent);
    return new Admission(this, reservation, sent);
  }

  /** An answer's headers tell of the limits. */
  headers(sent: SentRequest, headers: Headers): void {
    if (!this.#learns) return;
    const { dialect } = this.#owner;
    const serverNowMs = headerDateMs(headers.get("date")) ?? this.#clock.wallNowMs();
    const readings = readingsOf(headers, dialect.name, serverNowMs);
    const isNews = this.#buckets.read(readings, sent, this.#nowMs());
    const tokens = readings.find(({ currency }) => currency === "tokens");
    const { limit, remaining } = tokens ?? {};
    const { sentMs, taken, inFlight } = sent;
    const isRepriced =
      limit !== undefined &&
      remaining !== undefined &&
      this.#pricing.read({ totals: sent.costTotals, remaining, limit, sentMs, number: taken.requests ?? 0, inFlight });
    if (isNews) this.#owner.tell("learned");
    if (isRepriced) this.#repriced();
  }

  /** A request is over. Returns what it cost, or `undefined` where everything comes back. */
  ended(sent: SentRequest, end: AdmissionEnd): Cost | undefined {
    const { size, cost, sentMs } = sent;
    const nowMs = this.#nowMs();
    this.#open.ended(sent);
    switch (end.kind) {
      case "answered": {
        const { usage, charged } = end;
        this.#latency.add(nowMs - sentMs);
        this.#open.answered(sent, nowMs);
        if (usage) this.#pricing.used(size, usage);
        if (charged !== undefined && this.#pricing.told(charged, size)) this.#repriced();
        if (this.#search.isOn) this.#search.answered(sent, nowMs, this.#isRateUsed);
        return this.#pricing.settled(cost, usage, charged);
      }
      case "lost":
        return cost;
      case "refused":
        this.#takeBack(sent, { tokens: cost["tokens"] ?? 0, "input-tokens": cost["input-tokens"] ?? 0 });
        // Whether a refused request counts, few providers say. Most count it.
        return { requests: 1, "requests-day": 1 };
      case "unsent":
        this.#takeBack(sent, cost);
        return undefined;
    }
  }

  /** A request failed. Where it was a limit, everybody waits, and what it says of the limit is believed. */
  refused(sent: SentRequest, { decision, answer }: AttemptFailure): number | undefined {
    const { class: type, waitMs } = decision;
    if (type !== "rate" && type !== "rate-long" && type !== "ramp") return undefined;
    const nowMs = this.#nowMs();
    const hit = limitHitOf(answer ? textOfAnswer(answer) : "", decision);
    if (hit.requested !== undefined && this.#pricing.told(hit.requested, sent.size)) this.#repriced();
    const mean = (currency: string): number => this.#meanCosts.value(currency) ?? sent.cost[currency] ?? 1;
    this.#open.refused(sent);
    const admittedInFlight = this.#open.admittedInFlight(nowMs, nowMs - sent.sentMs);
    const found = this.#search.refused({ sent, hit, type, waitMs, nowMs, mean, admittedInFlight });
    if (found.change !== undefined) {
      this.#pauses++;
      this.#owner.tell(found.change);
    }
    if (answer) this.#refusal = withoutRest(answer);
    return found.pauseMs === undefined ? undefined : this.#pause(found.pauseMs, nowMs);
  }

  get pauses(): number {
    return this.#pauses;
  }

  /** The end of the last pause, on the clock. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** The answer that a pause came with, for those who cannot wait for its end. */
  get refusal(): ReadAnswer | undefined {
    return this.#refusal;
  }

  state(): LaneState {
    const { keyId, model } = this.#owner;
    const { currencies, queueLength, nextAdmissionMs, binds, pausedUntilMs, drainMs } = this.#limiter.state();
    const buckets = Object.entries(currencies).map(([currency, bucket]) => {
      const source = this.#buckets.sourceOf(currency) ?? "told";
      return [currency, { ...bucket, ...perPeriod(currency, bucket), source }] as const;
    });
    const isFull = !this.#store.hasRoom(0);
    const latencyMs = this.#latency.value ?? 0;
    const placeMs = isFull ? latencyMs / this.#mostInFlight : 0;
    return {
      keyId,
      model,
      currencies: Object.fromEntries(buckets),
      inFlight: this.#store.inFlight,
      mostInFlight: this.#mostInFlight,
      queueLength,
      nextAdmissionMs: Math.max(nextAdmissionMs, placeMs),
      binds: isFull && nextAdmissionMs <= placeMs ? "concurrency" : binds,
      pausedUntilMs,
      drainMs: Math.max(drainMs, isFull ? queueLength * placeMs : 0),
      costModel: this.#pricing.model,
      tokenRatio: this.#pricing.tokenRatio,
      meanCost: this.#meanCosts.values,
      meanLatencyMs: this.#latency.value,
    };
  }

  get #mostInFlight(): number {
    return this.#search.mostInFlight;
  }

  #repriced(): void {
    this.#buckets.repriced();
    this.#owner.tell("cost-model");
  }

  /** Whether it is the rate that holds back those who wait. */
  get #isRateUsed(): boolean {
    return this.#store.hasRoom(0) && this.#limiter.state().queueLength > 0;
  }

  #watchStart(): void {
    const takeBack = (cost: Cost): void => this.#buckets.late(cost, this.#nowMs());
    this.#lateStart.watch(this.#store.state(this.#nowMs()), this.#clock, takeBack);
  }

  get #clock(): Clock {
    return this.#owner.clock ?? defaultClock();
  }

  #nowMs(): number {
    return this.#clock.nowMs();
  }

  #pause(pauseMs: number, nowMs: number): number {
    this.#pauses++;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + pauseMs);
    this.#limiter.pause(pauseMs);
    this.#owner.tell("paused");
    return pauseMs;
  }

  #priced(asked: Cost): Cost {
    const size = this.#sizes.get(asked);
    const cost = size === undefined ? asked : this.#pricing.costOf(size);
    this.#prices.set(asked, cost);
    return cost;
  }

  /** What the provider did not charge, it does not count among what was taken. */
  #takeBack({ size }: SentRequest, cost: Cost): void {
    this.#buckets.spent.refuse(cost);
    this.#pricing.refused(size);
  }
}
