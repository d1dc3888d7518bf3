import type { AnswerLength } from "./answer.js";
import type { CostModel } from "./cost.js";
import type { Time } from "./duration.js";
import type { Fault } from "./faults.js";
import type { Latency } from "./latency.js";
import type { Limits } from "./limiter.js";
import type { Algorithm } from "./meter.js";

/** Everything about the emulated provider that is not HTTP. What is left out is off or unlimited. */
export interface ModelOptions extends Limits {
  /** Requests that may go at once: capacity of the `rpm` bucket. @default the limit */
  readonly burst?: number;
  /** Tokens that may go at once: capacity of the token buckets. @default the limit */
  readonly tokenBurst?: number;
  /** A second set of limits per model, shared by all keys and checked together with each key's own. Its bursts default to its limits. */
  readonly organization?: Limits & Pick<ModelOptions, "burst" | "tokenBurst">;
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
  /** Tokens that a prompt may have; more is refused as too long. @default 128000 */
  readonly contextTokens?: number;
  /** Changes on the way, each counted from the start: `[{ at: "10s", rpm: 100 }]`. @default none */
  readonly changes?: readonly ModelChange[];
}

/** Defaults of {@link ModelOptions}; a dialect may bring other ones for the first three. */
export const MODEL_DEFAULTS: Readonly<
  Required<
    Pick<
      ModelOptions,
      "cost" | "countRejected" | "algorithm" | "refund" | "ramp" | "money" | "latency" | "seed" | "contextTokens"
    >
  >
> = Object.freeze({
  cost: "openai",
  countRejected: true,
  algorithm: "token-bucket",
  refund: "none",
  ramp: false,
  money: Number.POSITIVE_INFINITY,
  latency: "none",
  seed: 1,
  contextTokens: 128_000,
});

/** New options from a moment on. */
export interface ModelChange extends Omit<ModelOptions, "changes"> {
  readonly at: Time;
}
