import type { Cost, RequestSize } from "./cost.js";
import type { Strike } from "./faults.js";
import type { Timing } from "./latency.js";
import type { ScopedShortage } from "./scopes.js";

/** A request as the model sees it. */
export interface Arrival {
  readonly key: string;
  readonly model: string;
  /** Equal for equal requests; seeds times and faults. */
  readonly hash: string;
  /** Equal for equal prompts; seeds the answer. @default `hash` */
  readonly promptHash?: string;
  readonly size: RequestSize;
  readonly stream: boolean;
  /** Output tokens, where something else than the model writes the answer. */
  readonly outputTokens?: number;
}

/** A request that was let in. */
export interface Admitted {
  readonly verdict: "admitted";
  /** How often this request has come so far, this time included. */
  readonly attempt: number;
  readonly cost: Cost;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly timing: Timing;
  readonly strike: Strike | undefined;
  /** Notes output as it is produced; debits it, where the provider counts it so. */
  produce(tokens: number, nowMs: number): void;
  /** Ends the request, whole or not; a second call does nothing. */
  end(nowMs: number): void;
}

/** A request that was turned away. */
export interface Refused {
  /** `unreachable`: a fault kept the request from reaching the provider at all, so that no quota was touched. */
  readonly verdict: "rate-limited" | "too-large" | "quota" | "slow-down" | "unreachable";
  readonly attempt: number;
  readonly cost: Cost;
  readonly shortage?: ScopedShortage;
  /** Whole milliseconds after which this very request is admitted if nobody else comes; absent where time alone does not tell. */
  readonly hintMs?: number;
  /** The same, not rounded. */
  readonly waitMs?: number;
}
