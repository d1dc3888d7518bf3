import {
  type Admission,
  type BreakerRules,
  type BreakerStore,
  type BreakerStoreFactory,
  type CallResult,
  type CircuitState,
  memoryBreakerStore,
  type Transition,
} from "bide";
import { checkKeys } from "bide/kit";
import type { RedisClient } from "../client.js";
import { Connection } from "../connection.js";
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
import source from "./breaker.lua";
import { admissionOf, type BreakerAnswer, parseBreakerAnswer } from "./wire.js";

const SCRIPT = new Script(source);

/** Options of {@link redisBreakerStore}. */
export interface RedisBreakerStoreOptions extends RedisStoreOptions {
  /**
   * While Redis does not answer: `"local-share"`, go on with a circuit in this process, as it was last known; `"stop"`, refuse
   * calls until it is back.
   *
   * @default "local-share"
   */
  readonly onUnavailable?: OnUnavailable | undefined;
}

/**
 * Keeps a circuit in Redis, for all who call the same service: `circuitBreaker({ store: redisBreakerStore(client, { key }) })`.
 * A call takes a round trip before it, and one after it that nobody waits for. All who share a key have to use the same rules.
 *
 * @throws OptionError for an option that is unknown or out of range.
 */
export function redisBreakerStore(client: RedisClient, options: RedisBreakerStoreOptions): BreakerStoreFactory {
  checkKeys(options, [...STORE_KEYS, "onUnavailable"], "redisBreakerStore");
  const { key, prefix = REDIS_STORE_DEFAULTS.prefix, onUnavailable = REDIS_STORE_DEFAULTS.onUnavailable } = options;
  checkOnUnavailable(onUnavailable);
  const keys = keysOf(key, prefix, ["circuit"]);
  const connection = new Connection(client, connectionOptions(options));
  return (rules) => new BreakerInRedis({ connection, keys, rules, onUnavailable });
}

interface BreakerStoreParts {
  readonly connection: Connection;
  readonly keys: readonly string[];
  readonly rules: BreakerRules;
  readonly onUnavailable: OnUnavailable;
}

type Command =
  | readonly ["acquire"]
  | readonly ["read"]
  | readonly ["report", ticket: string, result: CallResult]
  | readonly ["force", status: string];

class BreakerInRedis implements BreakerStore {
  readonly #parts: BreakerStoreParts;
  readonly #rules: readonly string[];
  #lastState: CircuitState | undefined;
  /** What decides while Redis is gone. Its tickets are given out as negative numbers, so that they are told from those of Redis. */
  #own: BreakerStore | undefined;

  constructor(parts: BreakerStoreParts) {
    this.#parts = parts;
    const { failureRatio, minimumCalls, window, openForMs, probes } = parts.rules;
    const counted = "calls" in window ? ["calls", window.calls] : ["ms", window.ms];
    this.#rules = [failureRatio, minimumCalls, ...counted, openForMs, probes].map(String);
  }

  async acquire(nowMs: number): Promise<Admission> {
    const answer = await this.#ask(["acquire"]);
    if (answer) return admissionOf(answer);
    if (this.#parts.onUnavailable === "stop") return { isAdmitted: false, state: this.#stopped() };
    const admission = await this.#alone(nowMs).acquire(nowMs);
    return admission.isAdmitted ? { ...admission, ticket: -1 - admission.ticket } : admission;
  }

  async report(ticket: number, result: CallResult, nowMs: number): Promise<Transition | undefined> {
    if (ticket < 0) return this.#own?.report(-1 - ticket, result, nowMs);
    return (await this.#ask(["report", String(ticket), result]))?.transition;
  }

  async force(status: "open" | "isolated" | "closed", nowMs: number): Promise<Transition | undefined> {
    const answer = await this.#ask(["force", status]);
    return answer ? answer.transition : this.#alone(nowMs).force(status, nowMs);
  }

  async read(nowMs: number): Promise<CircuitState> {
    const answer = await this.#ask(["read"]);
    if (answer) return answer.state;
    return this.#parts.onUnavailable === "stop" ? this.#stopped() : this.#alone(nowMs).read(nowMs);
  }

  /** Asks Redis; `undefined` when it does not answer. While it is gone, nobody waits for a try to reach it. */
  async #ask(command: Command): Promise<BreakerAnswer | undefined> {
    const { connection } = this.#parts;
    if (!connection.isAway) return this.#call(command);
    if (connection.mayCall()) void this.#call(["read"]);
    return undefined;
  }

  async #call([name, ...rest]: Command): Promise<BreakerAnswer | undefined> {
    const { connection, keys } = this.#parts;
    try {
      const answer = parseBreakerAnswer(await connection.call(SCRIPT, keys, [name, ...this.#rules, ...rest]));
      this.#lastState = answer.state;
      this.#own = undefined;
      return answer;
    } catch {
      return undefined;
    }
  }

  #alone(nowMs: number): BreakerStore {
    this.#own ??= memoryBreakerStore({ ...this.#parts.rules, initialState: this.#lastState }, nowMs);
    return this.#own;
  }

  #stopped(): CircuitState {
    return { status: "open", calls: 0, failures: 0, retryAfterMs: this.#parts.connection.retryInMs() };
  }
}
