import { type Clock, memoryLimiterStore, rateLimit } from "bide";
import type { Dialect } from "../dialects/dialect.js";
import type { CountTokens } from "../request/facts.js";
import { Lane } from "./lane.js";
import { type QuotaConfig, type QuotaOptions, quotaConfigOf } from "./options.js";
import type { LaneState, QuotaChanged } from "./state.js";

/** Hears what a quota learns. What it throws changes nothing. */
export type QuotaListener = (event: QuotaChanged) => void;

/** Whose requests a lane is for. */
export interface LaneKey {
  readonly keyId: string;
  readonly model: string;
  readonly dialect: Dialect;
}

/** Limits that several layers share: hand the same one to each. One queue and one set of buckets per key and model. */
export class Quota {
  readonly #config: QuotaConfig;
  readonly #lanes = new Map<string, Lane>();
  readonly #listeners = new Set<QuotaListener>();

  /** @throws OptionError for a limit that is unknown or out of range. */
  constructor(options: QuotaOptions = {}) {
    this.#config = quotaConfigOf(options);
    // What is wrong with a limit or an option is said now, and not at the first call. With a store there may be no limit yet.
    const { limits, interactiveShare, maxQueue } = this.#config;
    rateLimit(limits, { interactiveShare, maxQueue, store: memoryLimiterStore() });
  }

  /** What counts the tokens of prompts, where the user gave it. */
  get countTokens(): CountTokens | undefined {
    return this.#config.countTokens;
  }

  /** The lanes that were used so far: levels, queues, what binds, and when the next call may go. */
  state(): readonly LaneState[] {
    return [...this.#lanes.values()].map((lane) => lane.state());
  }

  /** Hears of every change of a limit, a price or a pause from now on; returns what ends that. */
  on(listener: QuotaListener): () => void {
    const entry: QuotaListener = (event) => listener(event);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** The lane of one key and model. */
  laneOf({ keyId, model, dialect }: LaneKey, clock: Clock | undefined): Lane {
    const id = `${keyId} ${model}`;
    const known = this.#lanes.get(id);
    if (known !== undefined) return known;
    const lane: Lane = new Lane(this.#config, {
      keyId,
      model,
      dialect,
      clock,
      tell: (cause) => this.#tell({ keyId, model, cause, lane }),
    });
    this.#lanes.set(id, lane);
    return lane;
  }

  #tell({ lane, ...change }: Omit<QuotaChanged, "type" | "lane"> & { readonly lane: Lane }): void {
    if (this.#listeners.size === 0) return;
    const event: QuotaChanged = { type: "quota-changed", ...change, lane: lane.state() };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // A listener that throws changes nothing.
      }
    }
  }
}
