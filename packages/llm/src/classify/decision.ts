import type { HintSource } from "../hints/hint.js";

/** Every {@link DecisionClass}. */
export const DECISION_CLASSES = [
  "rate",
  "rate-long",
  "ramp",
  "overload",
  "transient",
  "quota",
  "too-big",
  "context",
  "content-filter",
  "invalid",
  "auth",
  "not-found",
] as const;

/**
 * What a failed call means for what to do next.
 *
 * `rate`: a limit per minute is used up; wait for the bucket. `rate-long`: a limit per day, or a wait as long. `ramp`: use
 * grows too fast. `overload`: the provider is short of capacity. `transient`: it may heal by itself. `quota`: money; waiting
 * does not heal it. `too-big`: this request can never fit the limit. `context`: longer than the model can read.
 * `content-filter`, `invalid`, `auth`, `not-found`: what they say.
 */
export type DecisionClass = (typeof DECISION_CLASSES)[number];

/** Every {@link Scope}. */
export const SCOPES = ["request", "model", "key", "host"] as const;

/** How far a failure reaches: this request, this key with this model, everything of this key, or everybody at this host. */
export type Scope = (typeof SCOPES)[number];

/** What a rate limit counts. */
export type Dimension = "requests" | "tokens" | "input-tokens" | "output-tokens";

/** What a decision was read from; never any text of a body. */
export interface Evidence {
  /** Whose way of speaking it was. */
  readonly dialect: string;
  /** The rule that matched, such as `openai.insufficient-quota`. */
  readonly rule: string;
  readonly status: number | undefined;
  /** The code or type in the body that the rule knew. */
  readonly signal?: string | undefined;
  /** Where the wait was found. */
  readonly hint?: HintSource | undefined;
  /** The limit that was hit, where the answer tells. */
  readonly dimension?: Dimension | undefined;
  /** What the server said in `x-should-retry`. */
  readonly shouldRetry?: boolean | undefined;
}

/** What to do about one failed attempt, and why. */
export interface Decision {
  readonly class: DecisionClass;
  readonly scope: Scope;
  /** The least wait that the server asked for, in milliseconds. */
  readonly waitMs: number | undefined;
  /** One sentence, ours: it quotes nothing. */
  readonly reason: string;
  readonly evidence: Evidence;
}

const RETRYABLE: ReadonlySet<DecisionClass> = new Set(["rate", "rate-long", "ramp", "overload", "transient"]);

/** Whether another attempt may help. A day's limit only where the server says how long it takes. */
export function isRetryable(decision: Decision): boolean {
  if (decision.evidence.shouldRetry === false) return false;
  if (decision.class === "rate-long") return decision.waitMs !== undefined;
  return RETRYABLE.has(decision.class);
}
