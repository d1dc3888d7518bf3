import type { Duration, LimiterStore, Limits } from "bide";
import { checkFunction, checkInteger, checkKeys, optionError, toMs } from "bide/kit";
import type { CountTokens } from "../request/facts.js";
import { COST_MODELS, type CostModel } from "./cost-models.js";
import { type Currency, MINUTE_MS, PERIOD_MS } from "./currencies.js";

/** What a key may spend on each model. What is left out is learned: from the provider's headers, else from its refusals. */
export interface QuotaOptions {
  /** Requests per minute. */
  readonly rpm?: number | undefined;
  /** Tokens per minute, as the provider charges them at admission. */
  readonly tpm?: number | undefined;
  /** Input tokens per minute, where they are limited apart. */
  readonly itpm?: number | undefined;
  /** Output tokens per minute, where they are limited apart. */
  readonly otpm?: number | undefined;
  /** Requests per day. */
  readonly rpd?: number | undefined;
  /** Tokens per day. */
  readonly tpd?: number | undefined;
  /** Requests in flight. An integer >= 1. */
  readonly concurrency?: number | undefined;
  /**
   * How many requests may go at once after a pause in the traffic: a count, or a time's worth.
   *
   * @default a second's worth, and then what the headers show to be left
   */
  readonly burst?: number | Duration | undefined;
  /** How many tokens may go at once. @default the whole of `tpm`, as the providers' buckets hold a minute's worth */
  readonly tokenBurst?: number | Duration | undefined;
  /** How the provider charges tokens at admission. @default "auto": by its dialect, corrected by what its headers show */
  readonly costModel?: CostModel | "auto" | undefined;
  /** Counts the tokens of a prompt exactly, for instance `countTokens` of `gpt-tokenizer`. @default an estimate that is calibrated */
  readonly countTokens?: CountTokens | undefined;
  /**
   * How much later than others a request may reach the provider. A bucket that was full counts as filling only from then on,
   * so that nobody is refused for arriving too close behind: it costs that time once, after each pause in the traffic.
   *
   * @default "50ms"
   */
  readonly arrivalJitter?: Duration | undefined;
  /** The share of each burst and of the places in flight that is kept for calls with a priority above 0. 0 to below 1. @default 0 */
  readonly interactiveShare?: number | undefined;
  /** Who has waited so long is overtaken by nine more at most. @default "30s" */
  readonly ageing?: Duration | undefined;
  /** How many calls may wait; one more is refused at once. @default Infinity */
  readonly maxQueue?: number | undefined;
  /**
   * Whether limits are learned from answers: those that were not told are found, and those that were are lowered where the
   * provider's are lower. `false`: what was told counts, and nothing else.
   *
   * @default true
   */
  readonly learn?: boolean | undefined;
  /**
   * Makes the place where the buckets of a lane are kept, so that processes share them; called once for each key and model, with
   * a name that is the same in every process and tells nothing of the key. @default in memory, for this quota alone
   */
  readonly store?: ((lane: string) => LimiterStore) | undefined;
}

/** The defaults of {@link QuotaOptions}. */
export const QUOTA_DEFAULTS: {
  readonly costModel: "auto";
  readonly arrivalJitter: "50ms";
  readonly interactiveShare: number;
  readonly ageing: "30s";
  readonly maxQueue: number;
  readonly learn: boolean;
} = Object.freeze({
  costModel: "auto",
  arrivalJitter: "50ms",
  interactiveShare: 0,
  ageing: "30s",
  maxQueue: Number.POSITIVE_INFINITY,
  learn: true,
});

const LIMITS: readonly (readonly [option: "rpm" | "tpm" | "itpm" | "otpm" | "rpd" | "tpd", Currency])[] = [
  ["rpm", "requests"],
  ["tpm", "tokens"],
  ["itpm", "input-tokens"],
  ["otpm", "output-tokens"],
  ["rpd", "requests-day"],
  ["tpd", "tokens-day"],
];

const KEYS: readonly (keyof QuotaOptions)[] = [
  "rpm",
  "tpm",
  "itpm",
  "otpm",
  "rpd",
  "tpd",
  "concurrency",
  "burst",
  "tokenBurst",
  "costModel",
  "countTokens",
  "arrivalJitter",
  "interactiveShare",
  "ageing",
  "maxQueue",
  "learn",
  "store",
];

/** What a quota is made of. */
export interface QuotaConfig {
  /** As they were told. */
  readonly limits: Limits;
  readonly concurrency: number;
  /** `undefined`: by dialect, and found. */
  readonly costModel: CostModel | undefined;
  readonly countTokens: CountTokens | undefined;
  readonly arrivalJitterMs: number;
  readonly interactiveShare: number;
  readonly ageingMs: number;
  readonly maxQueue: number;
  readonly learns: boolean;
  readonly store: QuotaOptions["store"];
}

/** What a quota is made of, by the options. @throws OptionError for one that is unknown or out of range. */
export function quotaConfigOf(options: QuotaOptions): QuotaConfig {
  checkKeys(options, KEYS, "quota");
  checkFunction(options.store, "quota.store");
  checkFunction(options.countTokens, "quota.countTokens");
  const { costModel = QUOTA_DEFAULTS.costModel, learn = QUOTA_DEFAULTS.learn } = options;
  if (costModel !== "auto" && !COST_MODELS.includes(costModel)) {
    throw optionError("quota.costModel", `"auto" or one of ${COST_MODELS.join(", ")}`, costModel);
  }
  if (typeof learn !== "boolean") throw optionError("quota.learn", "true or false", learn);
  const { concurrency = Number.POSITIVE_INFINITY } = options;
  checkInteger(concurrency, "quota.concurrency", 1);
  return {
    limits: limitsOf(options),
    concurrency,
    costModel: costModel === "auto" ? undefined : costModel,
    countTokens: options.countTokens,
    arrivalJitterMs: toMs(options.arrivalJitter ?? QUOTA_DEFAULTS.arrivalJitter, "quota.arrivalJitter"),
    interactiveShare: options.interactiveShare ?? QUOTA_DEFAULTS.interactiveShare,
    ageingMs: toMs(options.ageing ?? QUOTA_DEFAULTS.ageing, "quota.ageing"),
    maxQueue: options.maxQueue ?? QUOTA_DEFAULTS.maxQueue,
    learns: learn,
    store: options.store,
  };
}

function limitsOf(options: QuotaOptions): Limits {
  const told = LIMITS.flatMap(([name, currency]) => {
    const limit = options[name];
    if (limit === undefined) return [];
    if (!(typeof limit === "number" && limit > 0)) throw optionError(`quota.${name}`, "a number > 0", limit);
    return [[currency, { per: PERIOD_MS[currency], limit, burst: burstOf(currency, limit, options) }] as const];
  });
  return Object.fromEntries(told);
}

/** Requests are told apart; whatever else is limited may go at once as a whole, unless `tokenBurst` says otherwise. */
function burstOf(
  currency: Currency,
  limit: number,
  { burst, tokenBurst }: QuotaOptions,
): number | Duration | undefined {
  if (currency === "requests") return burst;
  if (PERIOD_MS[currency] > MINUTE_MS) return limit;
  return tokenBurst ?? limit;
}
