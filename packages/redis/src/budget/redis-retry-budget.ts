import { randomUUID } from "node:crypto";
import {
  type BudgetState,
  type Clock,
  type Failure,
  OptionError,
  RETRY_BUDGET_DEFAULTS,
  type RetryBudget,
  retryBudget,
} from "bide";
import { checkFunction, checkKeys, optionError, startTimer } from "bide/kit";
import type { RedisClient } from "../client.js";
import { Connection } from "../connection.js";
import { RedisAnswerError } from "../errors.js";
import { keysOf } from "../keys.js";
import {
  checkOnUnavailable,
  connectionOptions,
  type OnUnavailable,
  REDIS_STORE_DEFAULTS,
  type RedisStoreOptions,
  STORE_KEYS,
} from "../options.js";
import { Script } from "../script.js";
import source from "./budget.lua";

const SCRIPT = new Script(source);
/** What successes earn is told with the next retry, or after this. */
const TELLS_AFTER_MS = 1000;

/** Options of {@link redisRetryBudget}. */
export interface RedisRetryBudgetOptions extends RedisStoreOptions {
  /** Tokens that a call earns by succeeding. >= 0. @default 0.1 */
  readonly perSuccess?: number | undefined;
  /** The most tokens that all workers together may hold; they start full. >= 1. @default 10 */
  readonly capacity?: number | undefined;
  /** Tokens earned by time alone. >= 0. @default 0.1 */
  readonly perSecond?: number | undefined;
  /** Tokens that a retry of this failure takes; a hedge has none. >= 0. @default () => 1 */
  readonly cost?: ((failure: Failure | undefined) => number) | undefined;
  /**
   * While Redis does not answer: `"local-share"`, a budget of this worker's share, what its own calls earn included; `"stop"`,
   * no retries.
   *
   * @default "local-share"
   */
  readonly onUnavailable?: OnUnavailable | undefined;
  /** For events. */
  readonly name?: string | undefined;
}

/** A budget that workers share. */
export interface RedisRetryBudget extends Omit<RetryBudget, "withdraw"> {
  /** Whether one more call may be made; takes what it costs when it may. */
  withdraw(failure?: Failure): Promise<boolean>;
  /** As it was last known. */
  state(): BudgetState;
  /** Tells Redis what was earned and not told yet. */
  close(): Promise<void>;
}

const KEYS = [...STORE_KEYS, "perSuccess", "capacity", "perSecond", "cost", "onUnavailable", "name"];

/**
 * A retry budget in Redis, for all who call the same service. A retry asks it, in one round trip; successes are told along
 * with that, or once a second.
 *
 * @throws OptionError for an option that is unknown or out of range.
 */
export function redisRetryBudget(client: RedisClient, options: RedisRetryBudgetOptions): RedisRetryBudget {
  checkKeys(options, KEYS, "redisRetryBudget");
  const { key, prefix = REDIS_STORE_DEFAULTS.prefix } = options;
  checkOnUnavailable(options.onUnavailable);
  checkFunction(options.cost, "cost");
  const keys = keysOf(key, prefix, ["budget", "budget-workers"]);
  return new BudgetInRedis(client, keys, options);
}

interface Rules {
  readonly perSuccess: number;
  readonly capacity: number;
  readonly perSecond: number;
}

class BudgetInRedis implements RedisRetryBudget {
  readonly #connection: Connection;
  readonly #keys: readonly string[];
  readonly #rules: Rules;
  readonly #options: RedisRetryBudgetOptions;
  readonly #clock: () => Clock;
  readonly #worker = randomUUID();
  #earned = 0;
  #tokens: number;
  #workers = 1;
  /** What decides while Redis is gone. */
  #own: RetryBudget | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(client: RedisClient, keys: readonly string[], options: RedisRetryBudgetOptions) {
    const settings = connectionOptions(options);
    this.#connection = new Connection(client, settings);
    this.#clock = settings.clock;
    this.#keys = keys;
    this.#options = options;
    this.#rules = rulesOf(options);
    this.#tokens = this.#rules.capacity;
  }

  get name(): string | undefined {
    return this.#options.name;
  }

  deposit(extra: boolean, previous?: Failure): void {
    this.#own?.deposit(extra, previous);
    this.#earned = Math.min(this.#rules.capacity, this.#earned + this.#rules.perSuccess);
    if (this.#stopTimer || this.#connection.isAway) return;
    const clock = this.#clock();
    this.#stopTimer = startTimer(clock, clock.nowMs() + TELLS_AFTER_MS, () => void this.close());
  }

  async withdraw(failure?: Failure): Promise<boolean> {
    const cost = this.#options.cost?.(failure) ?? 1;
    if (!(cost >= 0)) throw optionError("cost", "a function that answers a number >= 0", cost);
    if (!this.#connection.isAway) {
      const isGranted = await this.#call(cost);
      if (isGranted !== undefined) return isGranted;
    } else if (this.#connection.mayCall()) void this.#call(undefined);
    if (this.#options.onUnavailable === "stop") return false;
    return this.#alone().withdraw(failure);
  }

  state(): BudgetState {
    return this.#own?.state() ?? { tokens: this.#tokens, capacity: this.#rules.capacity };
  }

  async close(): Promise<void> {
    if (this.#earned > 0 && this.#connection.mayCall()) await this.#call(undefined);
  }

  /** Tells what was earned and asks for a retry, if there is one; `undefined` when Redis does not answer. */
  async #call(cost: number | undefined): Promise<boolean | undefined> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const earned = this.#earned;
    this.#earned = 0;
    const { capacity, perSecond } = this.#rules;
    const values = [capacity, perSecond, earned, cost ?? "", this.#worker].map(String);
    try {
      const [granted, tokens, workers] = parsed(await this.#connection.call(SCRIPT, this.#keys, values));
      this.#tokens = Number(tokens);
      this.#workers = Number(workers);
      this.#own = undefined;
      return granted === "1";
    } catch {
      this.#earned = Math.min(capacity, this.#earned + earned);
      return undefined;
    }
  }

  #alone(): RetryBudget {
    const { perSuccess, capacity, perSecond } = this.#rules;
    const { cost, name, clock } = this.#options;
    const share = { capacity: Math.max(1, capacity / this.#workers), perSecond: perSecond / this.#workers };
    this.#own ??= retryBudget({ perSuccess, ...share, cost, name, clock });
    return this.#own;
  }
}

function rulesOf({ perSuccess, capacity, perSecond }: RedisRetryBudgetOptions): Rules {
  const rules = {
    perSuccess: perSuccess ?? RETRY_BUDGET_DEFAULTS.perSuccess,
    capacity: capacity ?? RETRY_BUDGET_DEFAULTS.capacity,
    perSecond: perSecond ?? RETRY_BUDGET_DEFAULTS.perSecond,
  };
  for (const [option, value] of Object.entries(rules)) {
    const least = option === "capacity" ? 1 : 0;
    if (!(value >= least && value < Number.POSITIVE_INFINITY)) {
      throw new OptionError(option, `expected \`${option}\` to be a finite number >= ${least}`);
    }
  }
  return rules;
}

function parsed(reply: unknown): readonly string[] {
  if (Array.isArray(reply) && reply.every((entry) => typeof entry === "string")) return reply;
  throw new RedisAnswerError("Redis answered something that the budget's script does not answer");
}
