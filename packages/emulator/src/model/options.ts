import { type AnswerLength, SHORT_ANSWERS } from "./answer.js";
import { COST_MODELS, type CostModel } from "./cost.js";
import { parseTime, shown, type Time } from "./duration.js";
import { type BrownOut, brownOut, type Fault, parseFault } from "./faults.js";
import { type Latency, NO_LATENCY, parseLatency } from "./latency.js";
import { DIMENSIONS, type LimiterRules, type Limits } from "./limiter.js";
import type { Algorithm } from "./meter.js";
import type { RampRule } from "./ramp.js";

/** Everything about the emulated provider that is not HTTP. What is left out is off or unlimited. */
export interface ModelOptions extends Limits {
  /** Requests that may go at once: capacity of the `rpm` bucket. @default the limit */
  readonly burst?: number;
  /** Tokens that may go at once: capacity of the token buckets. @default the limit */
  readonly tokenBurst?: number;
  /** A second set of limits per model, shared by all keys and checked together with each key's own. */
  readonly organization?: Limits;
  /** Limits of single models, in place of the common ones. */
  readonly limitsByModel?: Readonly<Record<string, Limits>>;
  /** How limits per minute and day are counted. @default the dialect's, "token-bucket" without a dialect or with a `burst` */
  readonly algorithm?: Algorithm;
  /** Enforces requests per minute in slices of this length too, as Azure does with `1s` or `10s`. @default the dialect's, none without a dialect */
  readonly quantum?: Time;
  /** The admission formula. @default the dialect's, "openai" without a dialect */
  readonly cost?: CostModel;
  /** Whether refused requests count against the requests limits. @default the dialect's, `true` without a dialect */
  readonly countRejected?: boolean;
  /** What of the charge comes back when a request ends: nothing, or what it did not use. @default "none" */
  readonly refund?: "none" | "to-actual";
  /** What goes wrong, for instance `["reset:2%", { kind: "500", share: 0.01 }]`. @default none */
  readonly faults?: readonly (Fault | string)[];
  /** Spans of time in which requests fail. @default none */
  readonly brownOuts?: readonly { readonly from: Time; readonly to: Time; readonly fault: Fault | string }[];
  /** Refuses use that grows too fast. `true` for OpenAI's published rule. @default off */
  readonly ramp?:
    | boolean
    | { readonly aboveTokensPerMinute?: number; readonly growth?: number; readonly window?: Time };
  /** Money: tokens that each key may use until its credit is spent; 0: none left. @default Infinity */
  readonly money?: number;
  /** How long answers take. @default "none" */
  readonly latency?: Latency | string;
  /** How long answers are. @default a median of 40 tokens */
  readonly answerLength?: AnswerLength;
  /** Makes faults, times and answers others, and repeatable. @default 1 */
  readonly seed?: number;
  /** Tokens that prompt and answer may have together; more is refused as too long. @default 128000 */
  readonly contextTokens?: number;
  /** Changes on the way, each counted from the start: `[{ at: "10s", rpm: 100 }]`. @default none */
  readonly changes?: readonly ModelChange[];
}

/** New options from a moment on. */
export interface ModelChange extends Omit<ModelOptions, "changes"> {
  readonly at: Time;
}

/** Checked options with every default filled in. */
export interface ModelSettings {
  readonly limits: Limits;
  readonly organization: Limits;
  readonly limitsByModel: Readonly<Record<string, Limits>>;
  readonly rules: LimiterRules;
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

/** Checks options and fills in what was left out. Throws `TypeError` naming the option that is wrong. */
export function settingsOf(options: ModelOptions): ModelSettings {
  const { cost = "openai", latency = NO_LATENCY } = options;
  if (!COST_MODELS.includes(cost)) {
    throw new TypeError(`expected \`cost\` to be one of ${COST_MODELS.join(", ")}, got ${shown(cost)}`);
  }
  return {
    limits: limitsOf(options, ""),
    organization: limitsOf(options.organization ?? {}, "organization."),
    limitsByModel: options.limitsByModel ?? {},
    rules: rulesOf(options),
    cost,
    refund: options.refund ?? "none",
    faults: (options.faults ?? []).map((fault) => (typeof fault === "string" ? parseFault(fault) : fault)),
    brownOuts: (options.brownOuts ?? []).map(({ from, to, fault }) => brownOut(from, to, fault)),
    ramp: rampOf(options.ramp),
    moneyTokens: options.money ?? Number.POSITIVE_INFINITY,
    latency: typeof latency === "string" ? parseLatency(latency) : latency,
    answerLength: options.answerLength ?? SHORT_ANSWERS,
    seed: options.seed ?? 1,
    contextTokens: options.contextTokens ?? 128_000,
  };
}

function rulesOf(options: ModelOptions): LimiterRules {
  const { algorithm = "token-bucket" } = options;
  if (!["token-bucket", "fixed-window", "sliding-window"].includes(algorithm)) {
    throw new TypeError(
      `expected \`algorithm\` to be token-bucket, fixed-window or sliding-window, got ${shown(algorithm)}`,
    );
  }
  return {
    algorithm,
    countRejected: options.countRejected ?? true,
    ...(options.burst === undefined ? {} : { burst: wholeNumber(options.burst, "burst") }),
    ...(options.tokenBurst === undefined ? {} : { tokenBurst: wholeNumber(options.tokenBurst, "tokenBurst") }),
    ...(options.quantum === undefined ? {} : { quantumMs: parseTime(options.quantum, "quantum") }),
  };
}

function limitsOf(options: Limits, prefix: string): Limits {
  const limits: { -readonly [name in keyof Limits]: number } = {};
  for (const dimension of DIMENSIONS) {
    const limit = options[dimension];
    if (limit !== undefined) limits[dimension] = wholeNumber(limit, prefix + dimension);
  }
  return limits;
}

function wholeNumber(value: unknown, name: string): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
  throw new TypeError(`expected \`${name}\` to be an integer >= 1, got ${shown(value)}`);
}

function rampOf(ramp: ModelOptions["ramp"]): RampRule | undefined {
  if (ramp === undefined || ramp === false) return undefined;
  const given = ramp === true ? {} : ramp;
  return {
    aboveTokensPerMinute: given.aboveTokensPerMinute ?? 1_000_000,
    growth: given.growth ?? 0.5,
    windowMs: parseTime(given.window ?? "15m", "ramp.window"),
  };
}
