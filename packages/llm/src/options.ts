import {
  type Budget,
  type Clock,
  type Duration,
  type FixedHedgeOptions,
  type HedgePolicy,
  hedge,
  type Jitter,
  type LearnedHedgeOptions,
  type Random,
  RETRY_DEFAULTS,
  type RetryPolicy,
  retry,
  type Schedule,
  systemRandom,
} from "bide";
import { checkFunction, checkKeys, optionError, toMs } from "bide/kit";
import { AttemptFailure } from "./attempt-failure.js";
import { checkRules, type Rule } from "./classify/rules.js";
import { type CuttableFetch, cuttableOf } from "./cuttable-fetch.js";
import { DIALECTS } from "./dialects/detect.js";
import type { Dialect } from "./dialects/dialect.js";
import type { LlmListener } from "./events.js";
import { type BreakerOptions, HostBreakers } from "./host-breakers.js";
import { isObject } from "./json.js";
import { checkPrices, type Prices } from "./prices.js";
import type { QuotaOptions } from "./quota/options.js";
import { Quota } from "./quota/quota.js";
import type { StandardSchema } from "./standard-schema.js";
import { positiveMs, type Timeouts, type TimeoutsMs, timeoutsOf } from "./timeouts.js";
import { type AnswerCheck, answerCheck } from "./validate.js";

/** Options of `llmFetch` and `resilient`. */
export interface LlmOptions {
  /** What sends the requests. @default the host's fetch; with `resilient`, the one that the client had */
  readonly fetch?: typeof fetch | undefined;
  /** Requests of one call in all, the first one included. Waiting in the queue consumes none. @default 5 */
  readonly maxAttempts?: number | undefined;
  /** The waits where the server asks for none. @default expo({ factor: "500ms", max: "30s" }) */
  readonly schedule?: Schedule | undefined;
  /** Spreads the waits. `null`: none. @default fullJitter */
  readonly jitter?: Jitter | null | undefined;
  /**
   * Bounds when an attempt may begin, from the start of the call. A hint that is longer ends the call; the queue for a quota
   * does not: that is what `deadline` bounds. @default "10m"
   */
  readonly maxTime?: Duration | undefined;
  /** Bounds everything, a stream to its last event included. @default Infinity */
  readonly deadline?: Duration | undefined;
  /** The time of one request: to its whole answer, or to the first content of its stream. @default "10m" */
  readonly attemptTimeout?: Duration | undefined;
  /** The times of a request's parts. */
  readonly timeouts?: Timeouts | undefined;
  /** What each key may spend on each model; requests wait in line for it. @default nothing told: limits are learned from the answers */
  readonly quota?: QuotaOptions | Quota | undefined;
  /** How important the calls are: higher goes first in a quota that layers share; above 0: may use its interactive share. @default 0 */
  readonly priority?: number | undefined;
  /** Asked before each wait; share it between layers. @default none */
  readonly budget?: Budget | undefined;
  /** Ends every call of the layer. */
  readonly signal?: AbortSignal | undefined;
  /** How the endpoint speaks, for hosts that do not give it away. @default detected by host, path, headers and body */
  readonly dialect?: Dialect | string | undefined;
  /** Rules of one's own for what failures mean; they come first. */
  readonly rules?: readonly Rule[] | undefined;
  /** Reads streams to their end before handing them on, so that a break anywhere is retried. @default false */
  readonly buffered?: boolean | undefined;
  /**
   * What every answer must fit: a schema of zod, valibot, arktype, or any other Standard Schema. An answer that does not is
   * asked for again, within the same bounds; the last one is an `AnswerRejectedError`. Streams are looked at where they are
   * `buffered`; calls of tools never. @default none
   */
  readonly validate?: StandardSchema | undefined;
  /**
   * Sends a second request beside a stream whose first content is late, and takes the one that speaks first. Asks `budget`
   * unless it has one of its own. Both may be billed. @default none
   */
  readonly hedge?:
    | Omit<LearnedHedgeOptions, "clock" | "discard">
    | Omit<FixedHedgeOptions, "clock" | "discard">
    | undefined;
  /**
   * Leaves a host alone that is short of capacity (class `overload`), for all callers of the layer: they wait, which consumes no
   * attempt, until a probe gets through. `{}`: with the defaults of `circuitBreaker`. @default none
   */
  readonly breaker?: BreakerOptions | undefined;
  /** What models cost, for `stats().cost`. @default none */
  readonly prices?: Prices | undefined;
  /** Hears what happens, as `bide.on` does. */
  readonly onEvent?: LlmListener | undefined;
  /** Where the one warning goes, about retries above this layer. @default console.warn */
  readonly warn?: ((line: string) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** For events. */
  readonly name?: string | undefined;
}

/** The defaults of {@link LlmOptions}. */
export const LLM_DEFAULTS: {
  readonly maxAttempts: number;
  readonly maxTime: "10m";
  readonly deadline: number;
  readonly attemptTimeout: "10m";
  readonly priority: number;
  readonly buffered: false;
} = Object.freeze({
  maxAttempts: RETRY_DEFAULTS.maxAttempts,
  maxTime: "10m",
  deadline: Number.POSITIVE_INFINITY,
  attemptTimeout: "10m",
  priority: 0,
  buffered: false,
});

const KEYS: readonly (keyof LlmOptions)[] = [
  "fetch",
  "maxAttempts",
  "schedule",
  "jitter",
  "maxTime",
  "deadline",
  "attemptTimeout",
  "timeouts",
  "quota",
  "priority",
  "budget",
  "signal",
  "dialect",
  "rules",
  "buffered",
  "validate",
  "hedge",
  "breaker",
  "prices",
  "onEvent",
  "warn",
  "clock",
  "random",
  "name",
];

/** The options, checked, with every default in its place. */
export interface LlmConfig {
  readonly fetch: typeof fetch;
  /** What can be cut without a signal, where `fetch` has it. */
  readonly cuttable: CuttableFetch["cuttable"] | undefined;
  /** It is the host's own. */
  readonly isHostFetch: boolean;
  readonly policy: RetryPolicy;
  readonly maxTimeMs: number;
  readonly attemptTimeoutMs: number;
  readonly timeouts: TimeoutsMs;
  readonly quota: Quota;
  readonly priority: number;
  readonly signal: AbortSignal | undefined;
  readonly dialect: Dialect | undefined;
  readonly rules: readonly Rule[];
  readonly buffered: boolean;
  readonly check: AnswerCheck | undefined;
  readonly hedge: HedgePolicy | undefined;
  readonly breakers: HostBreakers | undefined;
  readonly prices: Prices | undefined;
  readonly warn: (line: string) => void;
  readonly clock: Clock | undefined;
  readonly random: Random;
}

/** @throws OptionError for an option that is unknown or out of range. */
export function configOf(options: LlmOptions): LlmConfig {
  checkKeys(options, KEYS, "llmFetch");
  for (const key of ["fetch", "onEvent", "warn"] as const) checkFunction(options[key], key);
  const { quota, prices, rules = [], buffered = LLM_DEFAULTS.buffered, priority = LLM_DEFAULTS.priority } = options;
  for (const key of ["hedge", "breaker", "prices"] as const) {
    const value: unknown = options[key];
    if (value !== undefined && !isObject(value)) throw optionError(key, "an object", value);
  }
  if (prices) checkPrices(prices);
  checkRules(rules);
  if (typeof buffered !== "boolean") throw optionError("buffered", "true or false", buffered);
  if (!Number.isFinite(priority)) throw optionError("priority", "a finite number", priority);
  const isHostFetch = options.fetch === undefined || options.fetch === globalThis.fetch;
  return {
    // Called without a receiver: browsers refuse a fetch with another one than the window.
    fetch: isHostFetch ? (input, init) => globalThis.fetch(input, init) : (options.fetch ?? globalThis.fetch),
    cuttable: options.fetch && cuttableOf(options.fetch),
    isHostFetch,
    policy: policyOf(options),
    maxTimeMs: toMs(options.maxTime ?? LLM_DEFAULTS.maxTime, "maxTime"),
    attemptTimeoutMs: positiveMs(options.attemptTimeout ?? LLM_DEFAULTS.attemptTimeout, "attemptTimeout"),
    timeouts: timeoutsOf(options.timeouts),
    quota: quota instanceof Quota ? quota : new Quota(quota),
    priority,
    signal: options.signal,
    dialect: dialectNamed(options.dialect),
    rules,
    buffered,
    check: answerCheck(options.validate),
    hedge: hedgeOf(options),
    breakers: options.breaker && new HostBreakers(options.breaker, options.clock),
    prices,
    warn: options.warn ?? ((line) => console.warn(line)),
    clock: options.clock,
    random: options.random ?? systemRandom,
  };
}

function hedgeOf({ hedge: own, budget, clock, name = "llm" }: LlmOptions): HedgePolicy | undefined {
  if (own === undefined) return undefined;
  // A stream that comes second has nobody to read it.
  const discard = (late: unknown): unknown => late instanceof Response && late.body?.cancel();
  return hedge({ budget, name, ...own, clock, discard });
}

function policyOf(options: LlmOptions): RetryPolicy {
  const { schedule, jitter, budget, signal, clock, random, name } = options;
  return retry({
    on: (error: unknown): boolean => error instanceof AttemptFailure && error.isRetryable,
    maxAttempts: options.maxAttempts ?? LLM_DEFAULTS.maxAttempts,
    maxTime: options.maxTime ?? LLM_DEFAULTS.maxTime,
    deadline: options.deadline ?? LLM_DEFAULTS.deadline,
    schedule,
    jitter,
    budget,
    signal,
    clock,
    random,
    name: name ?? "llm",
    onRetry: ({ error }, { delayMs }) => {
      if (error instanceof AttemptFailure) error.retried(delayMs);
    },
  });
}

function dialectNamed(dialect: LlmOptions["dialect"]): Dialect | undefined {
  if (typeof dialect !== "string") return dialect;
  const known = DIALECTS.find(({ name }) => name === dialect);
  if (known === undefined)
    throw optionError("dialect", `one of ${DIALECTS.map(({ name }) => name).join(", ")}`, dialect);
  return known;
}
