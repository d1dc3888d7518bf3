import type { Refused } from "../arrival.js";
import type { Dimension } from "../limiter.js";
import type { ModelOptions } from "../options.js";
import type { Scope } from "../scopes.js";

/** The providers whose headers and error bodies the emulator speaks. */
export type DialectName =
  | "openai"
  | "azure"
  | "anthropic"
  | "groq"
  | "mistral"
  | "openrouter"
  | "gemini"
  | "silent"
  | "lying";

/** HTTP header fields, names in lower case. */
export type HeaderFields = Readonly<Record<string, string>>;

/** Every way in which a provider says no. */
export type ProblemKind =
  | "rate-limited"
  | "too-large"
  | "quota"
  | "slow-down"
  | "overloaded"
  | "unavailable"
  | "server-error"
  | "bad-gateway"
  | "gateway-timeout"
  | "request-timeout"
  | "conflict"
  | "invalid"
  | "context"
  | "unauthorized"
  | "not-found"
  | "payload-too-large";

/** A refusal, to be put into a provider's words. */
export interface Problem {
  readonly kind: ProblemKind;
  readonly model: string;
  readonly requestId: string;
  /** The name of the route that was asked for, for instance `embeddings`. */
  readonly route?: string;
  /** What is wrong, where the emulator knows better than the kind. */
  readonly message?: string;
  readonly param?: string;
  /** Of a prompt that is too long: how long it is, and may be. */
  readonly context?: { readonly tokens: number; readonly most: number };
  /** What the limiter found, for the kinds that come from it. */
  readonly refused?: Refused;
  /** Milliseconds on the client's clock after which the request is admitted, not rounded. */
  readonly waitMs?: number;
}

/** A problem in a provider's words. */
export interface Wording {
  readonly status: number;
  readonly body: string;
  /** @default "application/json" */
  readonly contentType?: string;
  readonly headers?: HeaderFields;
}

/** The state of one limit, times on the client's clock. */
export interface Gauge {
  readonly limit: number;
  /** Whole, never below 0. */
  readonly remaining: number;
  /** Until nothing is used any more, rounded up. */
  readonly resetMs: number;
}

/** All limits that apply to a request, for headers. */
export interface Gauges {
  readonly wallNowMs: number;
  /** What this request was charged, where it came so far. */
  readonly costTokens?: number;
  /** `undefined` where there is no such limit; without a scope, the outermost that has it. */
  of(dimension: Dimension, scope?: Scope): Gauge | undefined;
}

/** A provider's manner of speaking. */
export interface Dialect {
  readonly name: DialectName;
  /** How this provider charges and counts, where the options do not say otherwise. */
  readonly defaults: Pick<ModelOptions, "cost" | "countRejected" | "algorithm" | "quantum">;
  /** Headers that every reply carries, whatever became of it. */
  replyHeaders(requestId: string, processingMs: number): HeaderFields;
  /** Headers about the limits; `refused` on a 429 of speed. */
  rateHeaders(gauges: Gauges, refused: boolean): HeaderFields;
  /** Headers that tell a refused caller when to come back. */
  hintHeaders(hintMs: number, wallNowMs: number): HeaderFields;
  problem(problem: Problem): Wording;
  /** The JSON of an error inside a chat stream that has begun, where it is not that of a server error. */
  readonly chatStreamError?: string;
  /** What keeps a slow stream alive. @default ": keep-alive" */
  readonly comment?: string;
}
