import { type Clock, type Duration, type LimiterStore, type Limits, rateLimit } from "bide";
import { checkFunction, checkKeys, optionError } from "bide/kit";
import { Lane } from "./lane.js";

/** What a key may spend on each model. */
export interface QuotaOptions {
  /** Requests per minute. @default Infinity */
  readonly rpm?: number | undefined;
  /** Tokens per minute, as the provider charges them at admission. @default Infinity */
  readonly tpm?: number | undefined;
  /** How many requests may go at once after a pause in the traffic: a count, or a time's worth. @default a second's worth */
  readonly burst?: number | Duration | undefined;
  /** How many tokens may go at once. @default the whole of `tpm`, as the providers' buckets hold a minute's worth */
  readonly tokenBurst?: number | Duration | undefined;
  /**
   * Makes the place where the buckets of a lane are kept, so that processes share them; called once for each key and model, with
   * a name that is the same in every process and tells nothing of the key. @default in memory, for this quota alone
   */
  readonly store?: ((lane: string) => LimiterStore) | undefined;
}

const KEYS = ["rpm", "tpm", "burst", "tokenBurst", "store"];

/** Limits that several layers share: hand the same one to each. One set of buckets per key and model. */
export class Quota {
  readonly #limits: Limits;
  readonly #store: QuotaOptions["store"];
  readonly #lanes = new Map<string, Lane>();

  /** @throws OptionError for a limit that is unknown or out of range. */
  constructor(options: QuotaOptions = {}) {
    this.#limits = limitsOf(options);
    checkFunction(options.store, "quota.store");
    this.#store = options.store;
    rateLimit(this.#limits);
  }

  /** The queue and the buckets of one key and model. */
  laneOf(keyId: string, model: string, clock: Clock | undefined): Lane {
    const id = `${keyId} ${model}`;
    let lane = this.#lanes.get(id);
    if (lane === undefined) {
      lane = new Lane(rateLimit(this.#limits, { clock, store: this.#store?.(id) }));
      this.#lanes.set(id, lane);
    }
    return lane;
  }
}

function limitsOf(options: QuotaOptions): Limits {
  checkKeys(options, KEYS, "quota");
  const { rpm, tpm, burst, tokenBurst } = options;
  for (const [name, limit] of [
    ["quota.rpm", rpm],
    ["quota.tpm", tpm],
  ] as const) {
    if (limit !== undefined && !(typeof limit === "number" && limit > 0))
      throw optionError(name, "a number > 0", limit);
  }
  return {
    ...(rpm !== undefined && { requests: { per: "1m", limit: rpm, burst } }),
    ...(tpm !== undefined && { tokens: { per: "1m", limit: tpm, burst: tokenBurst ?? tpm } }),
  };
}
