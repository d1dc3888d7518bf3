import type { Budget } from "../budget.js";
import type { Clock } from "../clock.js";
import { type Duration, toMs } from "../duration.js";
import { OptionError, optionError } from "../errors.js";
import { checkFunction, checkInteger, checkKeys, checkMethods, checkNumber } from "../options.js";

/** Options that every hedge has. */
interface CommonOptions {
  /**
   * How many calls more it may make, as a share of the calls: hedges are due at the percentile `1 - maxExtraLoad` of the
   * latencies, and made as long as there are no more of them than that. > 0 and < 1; with `delay` > 0, or Infinity.
   *
   * @default 0.02
   */
  readonly maxExtraLoad?: number | undefined;
  /** How many hedges a call may have, each due as long after the one before. An integer >= 1. @default 1 */
  readonly maxHedges?: number | undefined;
  /** Asked for each hedge, beside `maxExtraLoad`. Share it with the retries of the same service. @default none */
  readonly budget?: Budget | undefined;
  /** Handed the value of a call that answered after another had won: to close what it opened. Its errors are told only. */
  readonly discard?: ((value: unknown) => unknown) | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** For events. */
  readonly name?: string | undefined;
}

/** Options of a hedge that is due after a time that is learned. */
export interface LearnedHedgeOptions extends CommonOptions {
  readonly delay?: undefined;
  /** No hedge before so many calls have been seen. An integer >= 1. Excludes `delay`. @default 100 */
  readonly minimumCalls?: number | undefined;
  /** No hedge is due earlier, whatever was learned. Excludes `delay`. @default "1ms" */
  readonly minDelay?: Duration | undefined;
}

/** Options of a hedge that is due after a fixed time. */
export interface FixedHedgeOptions extends CommonOptions {
  /** When a hedge is due, in place of a percentile that is learned. 0: at once. Excludes `minimumCalls` and `minDelay`. */
  readonly delay: Duration;
  readonly minimumCalls?: undefined;
  readonly minDelay?: undefined;
}

/** Options of `hedge`. */
export type HedgeOptions = LearnedHedgeOptions | FixedHedgeOptions;

/** The defaults of `hedge`. */
export const HEDGE_DEFAULTS: {
  readonly maxExtraLoad: number;
  readonly maxHedges: number;
  readonly minimumCalls: number;
  readonly minDelay: Duration;
} = /* @__PURE__ */ Object.freeze({ maxExtraLoad: 0.02, maxHedges: 1, minimumCalls: 100, minDelay: "1ms" });

/** The options of `hedge`, checked, with every default in its place. */
export interface HedgeRules {
  readonly maxExtraLoad: number;
  readonly maxHedges: number;
  /** `undefined`: learned. */
  readonly delayMs: number | undefined;
  readonly minimumCalls: number;
  readonly minDelayMs: number;
}

const LEARNING_KEYS = ["minimumCalls", "minDelay"] as const;
const KEYS = ["maxExtraLoad", "maxHedges", "minimumCalls", "minDelay", "delay", "budget", "discard", "clock", "name"];

/** @throws OptionError for an option that is unknown, out of range, or excluded by another. */
export function hedgeRules(options: HedgeOptions): HedgeRules {
  checkKeys(options, KEYS, "hedge");
  checkMethods(options.budget, "budget", ["deposit", "withdraw"], "a retry budget");
  checkFunction(options.discard, "discard");
  const defaults = HEDGE_DEFAULTS;
  const { maxExtraLoad = defaults.maxExtraLoad, maxHedges = defaults.maxHedges, delay } = options;
  const { minimumCalls = defaults.minimumCalls, minDelay = defaults.minDelay } = options;
  checkNumber(maxExtraLoad, "maxExtraLoad", delay === undefined ? "> 0 and < 1" : "> 0");
  checkInteger(maxHedges, "maxHedges", 1, false);
  checkInteger(minimumCalls, "minimumCalls", 1, false);
  const excluded = delay === undefined ? undefined : LEARNING_KEYS.find((key) => options[key] !== undefined);
  if (excluded)
    throw new OptionError(
      excluded,
      `\`delay\` and \`${excluded}\` exclude each other: with a delay, nothing is learned`,
    );
  const delayMs = delay === undefined ? undefined : toMs(delay, "delay");
  const minDelayMs = toMs(minDelay, "minDelay");
  if (minDelayMs === Number.POSITIVE_INFINITY) throw optionError("minDelay", "a duration < Infinity", minDelay);
  return { maxExtraLoad, maxHedges, delayMs, minimumCalls, minDelayMs };
}
