import { type AnswerLength, SHORT_ANSWERS } from "./answer.js";
import { listOf, objectOf, oneOf, positive, positiveOrZero, unexpected, wholeNumber, yesOrNo } from "./checks.js";
import { COST_MODELS, type CostModel } from "./cost.js";
import { parseTime } from "./duration.js";
import { type BrownOut, type Fault, parseBrownOut, parseFault } from "./faults.js";
import { type Latency, parseLatency } from "./latency.js";
import { DIMENSIONS, type LimiterRules, type Limits } from "./limiter.js";
import type { Algorithm } from "./meter.js";
import { MODEL_DEFAULTS, type ModelOptions } from "./options.js";
import type { RampRule } from "./ramp.js";

/** Checked options with every default filled in. */
export interface ModelSettings {
  readonly limits: Limits;
  readonly organization: Limits;
  readonly limitsByModel: Readonly<Record<string, Limits>>;
  /** How each key's own limits are counted. */
  readonly rules: LimiterRules;
  /** How the organisation's limits are counted. */
  readonly organizationRules: LimiterRules;
  readonly cost: CostModel;
  readonly refund: "none" | "to-actual";
  readonly faults: readonly Fault[];
  readonly brownOuts: readonly BrownOut[];
  readonly ramp: RampRule | undefined;
  readonly moneyTokens: number;
  readonly latency: Latency;
  readonly answerLength: AnswerLength;
  readonly seed: number;
  readonly contextTokens: number;
}

/** The names of all {@link ModelOptions}. */
export const MODEL_FIELDS: readonly string[] = Object.keys({
  ...Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, true])),
  burst: true,
  tokenBurst: true,
  organization: true,
  limitsByModel: true,
  algorithm: true,
  quantum: true,
  cost: true,
  countRejected: true,
  refund: true,
  faults: true,
  brownOuts: true,
  ramp: true,
  money: true,
  latency: true,
  answerLength: true,
  seed: true,
  contextTokens: true,
  changes: true,
} satisfies { readonly [field in Exclude<keyof ModelOptions, keyof Limits>]: true });

/** Checks options and fills in what was left out. Throws `TypeError` naming the option that is wrong. */
export function settingsOf(options: ModelOptions, prefix = ""): ModelSettings {
  const name = (field: string): string => prefix + field;
  const { organization = {}, limitsByModel = {} } = options;
  const { cost, refund, ramp, money, latency, seed, contextTokens } = MODEL_DEFAULTS;
  const byModel = Object.entries(objectOf(limitsByModel, name("limitsByModel")));
  for (const [index, change] of listOf(options.changes ?? [], name("changes"), (item) => item).entries()) {
    checkChange(options, change, `${name("changes")}[${index}]`);
  }
  return {
    limits: limitsOf(options, prefix),
    organization: limitsOf(objectOf(organization, name("organization"), BUCKET_FIELDS), name("organization.")),
    limitsByModel: Object.fromEntries(
      byModel.map(([model, limits]) => [model, limitsIn(limits, name(`limitsByModel.${model}`))]),
    ),
    rules: rulesOf(options, options, prefix),
    organizationRules: rulesOf(options, organization, name("organization.")),
    cost: oneOf(COST_MODELS, options.cost ?? cost, name("cost")),
    refund: oneOf(["none", "to-actual"], options.refund ?? refund, name("refund")),
    faults: listOf(options.faults ?? [], name("faults"), parseFault),
    brownOuts: listOf(options.brownOuts ?? [], name("brownOuts"), parseBrownOut),
    ramp: rampOf(options.ramp ?? ramp, name("ramp")),
    moneyTokens: positiveOrZero(options.money ?? money, name("money")),
    latency: parseLatency(options.latency ?? latency),
    answerLength: lengthOf(options.answerLength ?? SHORT_ANSWERS, name("answerLength")),
    seed: wholeNumber(options.seed ?? seed, name("seed"), 0),
    contextTokens: wholeNumber(options.contextTokens ?? contextTokens, name("contextTokens"), 0),
  };
}

function checkChange(options: ModelOptions, change: unknown, name: string): void {
  const { at, ...changed } = objectOf(change, name, [...MODEL_FIELDS.filter((field) => field !== "changes"), "at"]);
  parseTime(at, `${name}.at`);
  const { changes: _, ...before } = options;
  settingsOf({ ...before, ...changed }, `${name}.`);
}

const ALGORITHMS: readonly Algorithm[] = ["token-bucket", "fixed-window", "sliding-window"];

/** What a scope may limit. */
const BUCKET_FIELDS: readonly string[] = [...DIMENSIONS, "burst", "tokenBurst"];

type Bursts = Pick<ModelOptions, "burst" | "tokenBurst">;

function rulesOf(options: ModelOptions, { burst, tokenBurst }: Bursts, prefix: string): LimiterRules {
  const algorithm = oneOf(ALGORITHMS, options.algorithm ?? MODEL_DEFAULTS.algorithm, "algorithm");
  if (algorithm !== "token-bucket" && (burst ?? tokenBurst) !== undefined) {
    throw new TypeError(
      `\`${prefix}${burst === undefined ? "tokenBurst" : "burst"}\` needs a token-bucket; a ${algorithm} has none`,
    );
  }
  return {
    algorithm,
    countRejected: yesOrNo(options.countRejected ?? MODEL_DEFAULTS.countRejected, "countRejected"),
    ...(burst === undefined ? {} : { burst: wholeNumber(burst, `${prefix}burst`) }),
    ...(tokenBurst === undefined ? {} : { tokenBurst: wholeNumber(tokenBurst, `${prefix}tokenBurst`) }),
    ...(options.quantum === undefined ? {} : { quantumMs: quantumOf(options.quantum) }),
  };
}

function quantumOf(quantum: unknown): number {
  const quantumMs = parseTime(quantum, "quantum");
  if (quantumMs >= 1 && quantumMs <= 60_000 && Number.isInteger(quantumMs)) return quantumMs;
  throw unexpected("quantum", "whole milliseconds up to a minute", quantum);
}

function limitsIn(limits: unknown, name: string): Limits {
  return limitsOf(objectOf(limits, name, DIMENSIONS), `${name}.`);
}

function limitsOf(options: { readonly [dimension in keyof Limits]: unknown }, prefix: string): Limits {
  const limits: { -readonly [name in keyof Limits]: number } = {};
  for (const dimension of DIMENSIONS) {
    const limit = options[dimension];
    if (limit !== undefined) limits[dimension] = wholeNumber(limit, prefix + dimension);
  }
  return limits;
}

function lengthOf(value: unknown, name: string): AnswerLength {
  const { medianTokens, sigma } = objectOf(value, name, ["medianTokens", "sigma"]);
  return {
    medianTokens: positive(medianTokens, `${name}.medianTokens`),
    sigma: positiveOrZero(sigma, `${name}.sigma`),
  };
}

function rampOf(ramp: unknown, name: string): RampRule | undefined {
  if (ramp === false) return undefined;
  const {
    aboveTokensPerMinute = 1_000_000,
    growth = 0.5,
    window = "15m",
  } = ramp === true ? {} : objectOf(ramp, name, ["aboveTokensPerMinute", "growth", "window"]);
  return {
    aboveTokensPerMinute: positiveOrZero(aboveTokensPerMinute, `${name}.aboveTokensPerMinute`),
    growth: positiveOrZero(growth, `${name}.growth`),
    windowMs: parseTime(window, `${name}.window`),
  };
}
