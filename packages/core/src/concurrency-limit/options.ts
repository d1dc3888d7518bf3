import type { Clock } from "../clock.js";
import type { ErrorMatch } from "../error-class.js";
import { OptionError } from "../errors.js";
import { checkBoolean, checkInteger, checkKeys, checkNumber, checkPriority } from "../options.js";
import type { RunOptions } from "../outcome.js";
import type { AimdRules } from "./aimd.js";

interface CommonOptions {
  /** How many calls may wait; one more is refused with a `ConcurrencyQueueFullError`. 0: nobody waits. @default Infinity */
  readonly maxQueue?: number | undefined;
  /** How important a call is, or what says so by its arguments; see {@link SlotOptions}. @default 0 */
  readonly priority?: number | ((...args: never[]) => number) | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** For events and errors. */
  readonly name?: string | undefined;
}

/** Options of a limit that stays as it is. */
export interface FixedLimitOptions extends CommonOptions {
  /** How many calls may run at once. An integer >= 1, or Infinity. */
  readonly limit: number;
  readonly adaptive?: false | undefined;
}

/** Options of a limit that follows what the service bears. */
export interface AdaptiveLimitOptions extends CommonOptions {
  readonly adaptive: true;
  readonly limit?: undefined;
  /** Where it begins. A number >= `min` and <= `max`. @default 8 */
  readonly start?: number | undefined;
  /** It never falls below. An integer >= 1. @default 1 */
  readonly min?: number | undefined;
  /** It never rises above. An integer >= `min`. @default 500 */
  readonly max?: number | undefined;
  /** What is left of it after an overload. > 0 and < 1. @default 0.9 */
  readonly backoffRatio?: number | undefined;
  /** Which errors mean too many calls at once. @default a status of 429, 503 or 529, or a code that says so; never money */
  readonly overload?: ErrorMatch | undefined;
}

/** Options of `concurrencyLimit`. */
export type ConcurrencyLimitOptions = FixedLimitOptions | AdaptiveLimitOptions;

/** Bounds and importance of one call. */
export interface SlotOptions extends RunOptions {
  /** Higher goes first; equals go in the order they came. @default the policy's `priority` */
  readonly priority?: number | undefined;
}

/** The defaults of `concurrencyLimit`. */
export const CONCURRENCY_LIMIT_DEFAULTS: {
  readonly maxQueue: number;
  readonly priority: number;
  readonly start: number;
  readonly min: number;
  readonly max: number;
  readonly backoffRatio: number;
} = /* @__PURE__ */ Object.freeze({
  maxQueue: Number.POSITIVE_INFINITY,
  priority: 0,
  start: 8,
  min: 1,
  max: 500,
  backoffRatio: 0.9,
});

const COMMON_KEYS = ["maxQueue", "priority", "clock", "name", "limit", "adaptive"];
const ADAPTIVE_KEYS = ["start", "min", "max", "backoffRatio", "overload"];

/** A limit, and how it moves where it does. */
export interface LimitRules {
  readonly limit: number;
  readonly aimd: AimdRules | undefined;
}

/** @throws OptionError for an option that is unknown, out of range, or excluded by another. */
export function limitRules(options: ConcurrencyLimitOptions): LimitRules {
  checkKeys(options, [...COMMON_KEYS, ...ADAPTIVE_KEYS], "concurrencyLimit");
  const { maxQueue = CONCURRENCY_LIMIT_DEFAULTS.maxQueue, priority = CONCURRENCY_LIMIT_DEFAULTS.priority } = options;
  checkInteger(maxQueue, "maxQueue", 0);
  checkPriority(priority);
  checkBoolean(options.adaptive, "adaptive");
  return options.adaptive ? adaptiveRules(options) : fixedRules(options);
}

function fixedRules(options: FixedLimitOptions): LimitRules {
  const excluded = ADAPTIVE_KEYS.find((key) => (options as object as Record<string, unknown>)[key] !== undefined);
  if (excluded)
    throw new OptionError(excluded, `\`${excluded}\` is an option of an adaptive limit; add \`adaptive: true\``);
  checkInteger(options.limit, "limit", 1);
  return { limit: options.limit, aimd: undefined };
}

function adaptiveRules(options: AdaptiveLimitOptions): LimitRules {
  const defaults = CONCURRENCY_LIMIT_DEFAULTS;
  const { min = defaults.min, max = defaults.max, backoffRatio = defaults.backoffRatio } = options;
  const { limit, start = Math.min(max, Math.max(min, defaults.start)) } = options;
  if (limit !== undefined) {
    throw new OptionError(
      "limit",
      "`limit` and `adaptive` exclude each other; for an adaptive limit, give `start` and `max`",
    );
  }
  checkInteger(min, "min", 1, false);
  checkInteger(max, "max", min);
  checkNumber(start, "start", `>= ${min} and <= ${max}`);
  checkNumber(backoffRatio, "backoffRatio", "> 0 and < 1");
  return { limit: start, aimd: { min, max, backoffRatio } };
}
