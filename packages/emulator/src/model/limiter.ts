import { TokenBucket } from "./bucket.js";
import type { Cost } from "./cost.js";
import { InFlight } from "./in-flight.js";
import type { Algorithm, Meter } from "./meter.js";
import { FixedWindow, SlidingWindow } from "./window.js";

/** What may be limited: requests and tokens per minute, input and output tokens per minute, both per day, and how many are under way. */
export type Dimension = "rpm" | "tpm" | "itpm" | "otpm" | "rpd" | "tpd" | "inFlight";

/** Limits by dimension; what is absent is not limited. */
export type Limits = { readonly [dimension in Dimension]?: number };

/** How the limits are counted. */
export interface LimiterRules {
  readonly algorithm: Algorithm;
  /** Requests that may go at once: the capacity of the requests-per-minute bucket. Absent: the limit itself. */
  readonly burst?: number;
  /** Tokens that may go at once. Absent: the limit itself. */
  readonly tokenBurst?: number;
  /** Enforces requests per minute in slices of this length as well. */
  readonly quantumMs?: number;
  /** Whether a refused request costs one request. */
  readonly countRejected: boolean;
}

/** Why a limiter refuses. */
export interface Shortage {
  readonly dimension: Dimension;
  readonly limit: number;
  /** What is used of the limit, rounded up. */
  readonly used: number;
  readonly requested: number;
  /** Milliseconds until this dimension has room, not rounded; `undefined` if time alone does not tell, `Infinity` if never. */
  readonly waitMs: number | undefined;
}

/** In the order in which a provider is believed to check: days before minutes, requests before tokens. */
export const DIMENSIONS: readonly Dimension[] = ["rpd", "tpd", "rpm", "tpm", "itpm", "otpm", "inFlight"];

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Slot {
  readonly dimension: Dimension;
  readonly meter: Meter;
  /** The slice of a minute that stands beside the meter. */
  readonly quantum: Meter | undefined;
}

/** All limits of one (key, model), checked together and taken together. */
export class Limiter {
  #rules: LimiterRules;
  #slots: readonly Slot[];
  /** Counted whether limited or not: a limit may come in mid-run, and then holds for what is under way already. */
  readonly #inFlight = new InFlight(Number.POSITIVE_INFINITY);

  constructor(limits: Limits, rules: LimiterRules) {
    this.#rules = rules;
    this.#slots = [];
    this.change(limits, rules, 0);
  }

  /** Whether it limits anything. */
  get isLimited(): boolean {
    return this.#slots.length > 0;
  }

  /** The meter of a dimension, for headers and messages. */
  meter(dimension: Dimension): Meter | undefined {
    for (const slot of this.#slots) if (slot.dimension === dimension) return slot.meter;
    return undefined;
  }

  /** Calls `visit` for every limit that there is. */
  eachMeter(visit: (dimension: Dimension, meter: Meter) => void): void {
    for (const slot of this.#slots) visit(slot.dimension, slot.meter);
  }

  /** The first dimension in which `cost` could never fit, then the first in which it does not fit now. */
  shortage(cost: Cost, nowMs: number): Shortage | undefined {
    let first: Shortage | undefined;
    for (const slot of this.#slots) {
      const need = needOf(slot.dimension, cost);
      const waitMs = slotWaitMs(slot, need, nowMs);
      if (waitMs === 0 || (first !== undefined && waitMs !== Number.POSITIVE_INFINITY)) continue;
      const used = Math.ceil(slot.meter.limit - slot.meter.level(nowMs));
      const shortage = { dimension: slot.dimension, limit: slot.meter.limit, used, requested: need, waitMs };
      if (waitMs === Number.POSITIVE_INFINITY) return shortage;
      first = shortage;
    }
    return first;
  }

  /** Milliseconds until every dimension has room; `undefined` if time alone does not tell. */
  waitMs(cost: Cost, nowMs: number): number | undefined {
    let longest = 0;
    for (const slot of this.#slots) {
      const waitMs = slotWaitMs(slot, needOf(slot.dimension, cost), nowMs);
      if (waitMs === undefined) return undefined;
      longest = Math.max(longest, waitMs);
    }
    return longest;
  }

  /** Takes an admitted request. */
  take(cost: Cost, nowMs: number): void {
    this.#inFlight.take(1);
    for (const slot of this.#slots) {
      if (slot.dimension === "inFlight") continue;
      const charge = chargeOf(slot.dimension, cost);
      slot.meter.take(charge, nowMs);
      slot.quantum?.take(charge, nowMs);
    }
  }

  /** Counts a refused request, where the provider does. */
  reject(nowMs: number): void {
    if (!this.#rules.countRejected) return;
    for (const slot of this.#slots) {
      if (slot.dimension !== "rpm" && slot.dimension !== "rpd") continue;
      slot.meter.burn(1, nowMs);
      slot.quantum?.burn(1, nowMs);
    }
  }

  /** Debits output as it is produced, whether there is room or not. */
  produce(outputTokens: number, nowMs: number): void {
    for (const slot of this.#slots) if (slot.dimension === "otpm") slot.meter.take(outputTokens, nowMs);
  }

  /** Ends a request: its place is free again, and `refundTokens` come back. */
  release(refundTokens: number, nowMs: number): void {
    this.#inFlight.give(1);
    if (refundTokens <= 0) return;
    for (const slot of this.#slots) {
      if (slot.dimension === "tpm" || slot.dimension === "tpd") slot.meter.give(refundTokens, nowMs);
    }
  }

  /** Puts new limits in force at `nowMs`, keeping the counts of those that stay. */
  change(limits: Limits, rules: LimiterRules, nowMs: number): void {
    const before = this.#rules.algorithm === rules.algorithm ? this.#slots : [];
    const sameQuantum = this.#rules.quantumMs === rules.quantumMs;
    this.#rules = rules;
    this.#slots = DIMENSIONS.flatMap((dimension) => {
      const limit = limits[dimension];
      if (limit === undefined || limit === Number.POSITIVE_INFINITY) return [];
      if (dimension === "inFlight") return [{ dimension, meter: this.#inFlightUpTo(limit), quantum: undefined }];
      const fresh = slotOf(dimension, limit, rules);
      const old = before.find((slot) => slot.dimension === dimension);
      if (old === undefined) return [fresh];
      const quantum = sameQuantum ? carriedOn(old.quantum, fresh.quantum, nowMs) : fresh.quantum;
      return [{ dimension, meter: carriedOn(old.meter, fresh.meter, nowMs), quantum }];
    });
  }

  #inFlightUpTo(limit: number): Meter {
    this.#inFlight.change(limit, limit);
    return this.#inFlight;
  }
}

/** The old meter with the new one's limit. */
function carriedOn<M extends Meter | undefined>(old: M, fresh: M, nowMs: number): M {
  if (old === undefined || fresh === undefined) return fresh;
  old.change(fresh.limit, fresh.capacity, nowMs);
  return old;
}

function slotWaitMs(slot: Slot, need: number, nowMs: number): number | undefined {
  const waitMs = slot.meter.waitMs(need, nowMs);
  if (waitMs === undefined || slot.quantum === undefined) return waitMs;
  return Math.max(waitMs, slot.quantum.waitMs(need, nowMs) ?? 0);
}

/** What must be there for a request to be admitted. Output that counts as it is produced only needs some room. */
function needOf(dimension: Dimension, cost: Cost): number {
  return dimension === "otpm" ? Math.max(1, cost.output) : chargeOf(dimension, cost);
}

function chargeOf(dimension: Dimension, cost: Cost): number {
  if (dimension === "tpm" || dimension === "tpd") return cost.tokens;
  if (dimension === "itpm") return cost.input;
  if (dimension === "otpm") return cost.output;
  return 1;
}

function slotOf(dimension: Dimension, limit: number, rules: LimiterRules): Slot {
  const daily = dimension === "rpd" || dimension === "tpd";
  const periodMs = daily ? DAY_MS : MINUTE_MS;
  const meter = meterOf(rules.algorithm, limit, daily ? limit : capacityOf(dimension, limit, rules), periodMs);
  return { dimension, meter, quantum: dimension === "rpm" ? quantumOf(limit, rules) : undefined };
}

function meterOf(algorithm: Algorithm, limit: number, capacity: number, periodMs: number): Meter {
  if (algorithm === "fixed-window") return new FixedWindow(limit, limit, periodMs);
  if (algorithm === "sliding-window") return new SlidingWindow(limit, limit, periodMs);
  return new TokenBucket(limit, capacity, periodMs);
}

function capacityOf(dimension: Dimension, limit: number, rules: LimiterRules): number {
  return (dimension === "rpm" ? rules.burst : rules.tokenBurst) ?? limit;
}

function quantumOf(limit: number, { algorithm, quantumMs }: LimiterRules): Meter | undefined {
  if (quantumMs === undefined) return undefined;
  const share = Math.max(1, Math.floor((limit * quantumMs) / MINUTE_MS));
  return meterOf(algorithm === "sliding-window" ? algorithm : "fixed-window", share, share, quantumMs);
}
