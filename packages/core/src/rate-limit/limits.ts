import { type Duration, durationMs, toFiniteMs } from "../duration.js";
import { optionError } from "../errors.js";
import { checkKeys, checkNumber, checkObject } from "../options.js";
import type { ServerLevel, ServerLevels } from "./store.js";

/** How much of one currency may be spent in a time. */
export interface Limit {
  /** The time that `limit` is for. */
  readonly per: Duration;
  /** How much may be spent in that time, and the most that one request may cost. `Infinity`: this currency has no limit. */
  readonly limit: number;
  /**
   * How much may go at once after a pause in the traffic: a count, or, as a string, a time's worth of the limit.
   * Left out, it is learned: it starts at one second's worth, at least 1, and grows to what `sync` shows.
   *
   * @default one second's worth, at least 1
   */
  readonly burst?: number | Duration | undefined;
}

/** Limits by currency: `requests`, `tokens`, whatever the calls are paid in. */
export type Limits = Readonly<Record<string, Limit>>;

/** What one call costs, by currency. A currency that is left out costs 0; `requests` costs 1 when it is left out. */
export type Cost = Readonly<Record<string, number>>;

/** How fast one currency comes in, and how much of it may go at once. */
export interface Flow {
  readonly currency: string;
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;
}

/** One limit as numbers: what a store is told. */
export interface Rate extends Flow {
  /** The burst as a time, where it follows the limit. */
  readonly burstMs?: number | undefined;
  /** Nobody told the burst: what a server shows to be left may raise it. */
  readonly isLearned: boolean;
}

const LEARNED_BURST_MS = 1000;
const LIMIT_KEYS = ["per", "limit", "burst"];

/** The limits as numbers, in the order they were given. @throws OptionError for one that is unknown or out of range. */
export function ratesOf(limits: Limits): readonly Rate[] {
  checkObject(limits, "limits", "limits by currency");
  return Object.entries(limits).map(([currency, limit]) => rateOf(currency, limit));
}

function rateOf(currency: string, given: Limit): Rate {
  checkObject(given, currency, "{ per, limit }");
  checkKeys(given, LIMIT_KEYS, `the limit \`${currency}\``);
  const { per, limit, burst } = given;
  const perMs = toFiniteMs(per, `${currency}.per`);
  checkNumber(limit, `${currency}.limit`, "> 0");
  return { currency, limit, perMs, ...burstOf(currency, burst, limit, perMs) };
}

function burstOf(
  currency: string,
  burst: Limit["burst"],
  limit: number,
  perMs: number,
): Pick<Rate, "burst" | "burstMs" | "isLearned"> {
  if (burst === undefined) return { burst: learnedBurst(limit, perMs), isLearned: true };
  const given = durationMs(burst);
  if (given === undefined || given === Number.POSITIVE_INFINITY) {
    throw optionError(`${currency}.burst`, 'a number >= 0, or a duration such as "1s"', burst);
  }
  if (typeof burst === "number") return { burst: given, isLearned: false };
  return { burst: (given * limit) / perMs, burstMs: given, isLearned: false };
}

function learnedBurst(limit: number, perMs: number): number {
  return Math.max(1, (LEARNED_BURST_MS * limit) / perMs);
}

/** The rate with another limit; its burst follows where it was not told as a count. */
export function withLimit(rate: Rate, limit: number): Rate {
  const { burst, burstMs, perMs, isLearned } = rate;
  if (limit === rate.limit) return rate;
  if (burstMs !== undefined) return { ...rate, limit, burst: (burstMs * limit) / perMs };
  // What was seen to go at once still may, unless the new limit forbids it.
  return { ...rate, limit, burst: isLearned ? Math.max(learnedBurst(limit, perMs), Math.min(burst, limit)) : burst };
}

/** The rate after so much was seen to be left: where nobody told the burst, that much may go at once. */
export function showing(rate: Rate, remaining: number): Rate {
  const burst = Math.min(remaining, rate.limit);
  return rate.isLearned && burst > rate.burst ? { ...rate, burst } : rate;
}

/** The most that one request may cost. */
export function capacityOf({ limit, burst }: Flow): number {
  return Math.max(limit, burst);
}

/** The cost with `requests` filled in. @throws OptionError for an amount that is no number >= 0. */
export function costOf(cost: Cost | undefined): Cost {
  if (cost === undefined) return ONE_REQUEST;
  if (typeof cost !== "object" || cost === null) throw optionError("cost", "amounts by currency", cost);
  for (const [currency, amount] of Object.entries(cost)) {
    if (!(Number.isFinite(amount) && amount >= 0)) {
      throw optionError(`cost.${currency}`, "a finite number >= 0", amount);
    }
  }
  return { requests: 1, ...cost };
}

/** @throws OptionError for levels that are none. How much there is may be unknown, and so NaN; a time of NaN would last. */
export function checkLevels(levels: ServerLevels): void {
  checkObject(levels, "levels", "levels by currency");
  for (const currency in levels) {
    checkObject(levels[currency], currency, "{ remaining, limit }");
    for (const [key, value = 0] of Object.entries(levels[currency] as ServerLevel)) {
      if (typeof value !== "number" || (Number.isNaN(value) && key.endsWith("Ms"))) {
        throw optionError(`${currency}.${key}`, "a number", value);
      }
    }
  }
}

/** How much of one currency. */
export function amountOf(cost: Cost, currency: string): number {
  return cost[currency] ?? 0;
}

/** What a call costs that says nothing. */
export const ONE_REQUEST: Cost = /* @__PURE__ */ Object.freeze({ requests: 1 });

/** No cost at all. */
export const NOTHING: Cost = /* @__PURE__ */ Object.freeze({});
