import type { DecisionClass } from "./classify/decision.js";
import type { LlmListener } from "./events.js";
import type { ToldLimits } from "./limit-board.js";
import type { Quota } from "./quota/quota.js";
import type { LlmStats } from "./stats.js";

/** What a caller of {@link Bide.fetch} brings along. */
export interface CallNotes {
  /** Hears this call's events beside everybody else. What a stream tells after it was handed on is told to everybody only. */
  readonly onEvent?: LlmListener | undefined;
  /** The object that `init.body` is the JSON text of: then the text is not parsed. */
  readonly json?: Readonly<Record<string, unknown>> | undefined;
}

/** What can be asked and done beside calling. */
export interface Bide {
  /**
   * A call as the layer's own `fetch` makes it, for those who have to know which of many calls an event is about, or who make
   * so many that what they know already is not to be found out again.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit, notes?: CallNotes): Promise<Response>;
  /** Sums over everything that went through this layer. */
  stats(): LlmStats;
  /** What the provider's headers last told of its limits, for each key and model. */
  limits(): readonly ToldLimits[];
  /** The limits, the queue and what binds; hand it to other layers to share them. */
  readonly quota: Quota;
  /** Hears every event from now on; returns what ends that. */
  on(listener: LlmListener): () => void;
  /** The keys that are stopped, by hash, and why. */
  stoppedKeys(): ReadonlyMap<string, { readonly class: DecisionClass; readonly reason: string }>;
  /** Lets stopped keys go again: one, by its hash, or all of them. */
  resume(keyId?: string): void;
}

/** A `fetch` that waits for the right moment and goes again. */
export type LlmFetch = typeof fetch & { readonly bide: Bide };
