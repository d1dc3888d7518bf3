import { amountOf, type Cost, capacityOf, type Flow, NOTHING, type Rate } from "./limits.js";

/**
 * The generic cell rate algorithm over several currencies at once, without a clock. A bucket is one number: the instant at
 * which it will be full again. Everything else follows: the level at `nowMs` is what is missing until then, times the rate.
 *
 * @see ITU-T I.371, annex A: the virtual scheduling form, with the burst as the tolerance.
 */
export interface Buckets {
  /** For each rate, in the same order: when the bucket is full. In the past: it is full now. */
  readonly fullAtMs: readonly number[];
  /** Nothing is admitted before this instant. */
  readonly pausedUntilMs: number;
  /** The next admission is the first one after a pause. */
  readonly isProbing: boolean;
}

/** What somebody asks for. */
export interface Request {
  readonly cost: Cost;
  /** What others will have taken before, in the same currencies. @default nothing */
  readonly ahead?: Cost | undefined;
  /** The share of each burst that this request has to leave. @default 0 */
  readonly keepFree?: number | undefined;
}

/** When a request may go, and what it waits for: a currency, or `"pause"`. */
export interface Earliest {
  readonly atMs: number;
  readonly binds: string;
}

/** A request that can never go. */
export interface TooLarge {
  readonly kind: "too-large";
  readonly currency: string;
  readonly cost: number;
  readonly capacity: number;
}

/** What a server said is left of one currency. */
export interface Reading {
  readonly remaining: number;
  /** When that was true. */
  readonly atMs: number;
  /** What was taken since, which the server had not seen. */
  readonly takenSince: number;
  /** It may have become true so much later. @default 0 */
  readonly jitterMs?: number | undefined;
}

/** Full buckets, of whatever rates. */
export const FULL_BUCKETS: Buckets = { fullAtMs: [], pausedUntilMs: Number.NEGATIVE_INFINITY, isProbing: false };

/**
 * The earliest instant at which a request may go, as long as nothing changes: at it and after it, and at no instant before.
 *
 * A bucket lets a request go when it holds the request's cost. What costs more than the burst goes when the bucket is full,
 * and leaves a debt that is paid back before the next one.
 */
export function earliestOf(
  rates: readonly Flow[],
  buckets: Omit<Buckets, "isProbing">,
  { cost, ahead = NOTHING, keepFree = 0 }: Request,
): Earliest {
  let atMs = buckets.pausedUntilMs;
  let binds = "pause";
  rates.forEach((rate, index) => {
    const amount = amountOf(cost, rate.currency);
    if (amount === 0) return;
    const slack = Math.max(0, rate.burst * (1 - keepFree) - amount);
    const goesAtMs = fullAt(buckets, index) + msOf(rate, amountOf(ahead, rate.currency) - slack);
    if (goesAtMs <= atMs) return;
    atMs = goesAtMs;
    binds = rate.currency;
  });
  return { atMs: onGrid(atMs), binds };
}

/** The refusal of a request that wants more of a currency than one may ever have; `undefined` when it fits. */
export function tooLarge(rates: readonly Flow[], cost: Cost): TooLarge | undefined {
  for (const rate of rates) {
    const amount = amountOf(cost, rate.currency);
    const capacity = capacityOf(rate);
    if (amount > capacity) return { kind: "too-large", currency: rate.currency, cost: amount, capacity };
  }
  return undefined;
}

/**
 * The buckets after a request went at `nowMs`.
 *
 * @param jitterMs It may arrive so much later, and a full bucket there begins to fill again so much later.
 */
export function take(rates: readonly Rate[], buckets: Buckets, cost: Cost, nowMs: number, jitterMs = 0): Buckets {
  const { pausedUntilMs, isProbing } = buckets;
  const fullAtMs = rates.map((rate, index) => {
    const amount = amountOf(cost, rate.currency);
    const beforeMs = fullAt(buckets, index);
    const fillsAtMs = nowMs + bearable(rate, jitterMs, amount);
    const afterMs = amount === 0 ? beforeMs : Math.max(beforeMs, fillsAtMs) + msOf(rate, amount);
    // What was saved up before a pause is gone: after the first one, only what came in since the pause's end may go.
    return isProbing ? Math.max(afterMs, pausedUntilMs + msOf(rate, rate.burst)) : afterMs;
  });
  return { fullAtMs, pausedUntilMs, isProbing: false };
}

/** The buckets after it is known what a request really cost: the difference comes back, or becomes a debt. */
export function settle(
  rates: readonly Rate[],
  buckets: Buckets,
  { cost, actual }: { readonly cost: Cost; readonly actual: Cost },
  nowMs: number,
): Buckets {
  const fullAtMs = rates.map((rate, index) => {
    const moreMs = msOf(rate, amountOf(actual, rate.currency) - amountOf(cost, rate.currency));
    const beforeMs = fullAt(buckets, index);
    return Math.max(beforeMs, nowMs) + moreMs;
  });
  return { ...buckets, fullAtMs };
}

/** The instant at which one bucket is full, after a reading. A reading only takes away: what it does not know of may have gone. */
export function tightened(rate: Rate, fullAtMs: number, reading: Reading): number {
  const { remaining, atMs, takenSince, jitterMs = 0 } = reading;
  return Math.max(fullAtMs, atMs + bearable(rate, jitterMs, 0) + msOf(rate, rate.burst - remaining + takenSince));
}

/** So much of the jitter as a burst has room for beside one request: more would make the rate itself lower. */
function bearable(rate: Rate, jitterMs: number, amount: number): number {
  return Math.min(jitterMs, msOf(rate, Math.max(0, rate.burst - amount)));
}

/** The buckets, closed until `untilMs`; a pause never ends an earlier one. */
export function pause(buckets: Buckets, untilMs: number): Buckets {
  if (untilMs <= buckets.pausedUntilMs) return buckets;
  return { ...buckets, pausedUntilMs: untilMs, isProbing: true };
}

/**
 * The buckets under other rates. What was spent stays spent: a burst that grows adds to the level, one that shrinks takes
 * from it, down to nothing; a debt stays what it is. A currency that was not known begins full.
 */
export function converted(before: readonly Rate[], buckets: Buckets, after: readonly Rate[], nowMs: number): Buckets {
  const fullAtMs = after.map((rate) => {
    const index = before.findIndex(({ currency }) => currency === rate.currency);
    const old = before[index];
    const beforeMs = fullAt(buckets, index);
    if (old === undefined) return beforeMs;
    const missing = Math.max(0, (beforeMs - nowMs) / msOf(old, 1));
    const level = Math.max(rate.burst - missing, Math.min(0, old.burst - missing));
    return nowMs + msOf(rate, rate.burst - level);
  });
  return { ...buckets, fullAtMs };
}

/** What may go now of one currency; negative: a debt. */
export function levelOf(rate: Rate, fullAtMs: number, nowMs: number): number {
  return rate.burst - Math.max(0, fullAtMs - nowMs) / msOf(rate, 1);
}

/** How long so much takes to come in. */
function msOf({ perMs, limit }: Flow, amount: number): number {
  return (amount * perMs) / limit;
}

/** The instant at which one bucket is full; the one of a currency that is not there always is. */
export function fullAt({ fullAtMs }: Pick<Buckets, "fullAtMs">, index: number): number {
  return fullAtMs[index] ?? Number.NEGATIVE_INFINITY;
}

/**
 * Instants of admission lie on a grid of 2^-10 ms. A double has bits to spare there up to the year 2109, so that
 * `now + (at - now)` is `at` again, to the last bit: who comes back when he was told to is never told to wait once more.
 */
function onGrid(ms: number): number {
  return Math.round(ms * 1024) / 1024;
}
