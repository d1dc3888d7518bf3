import type { Rule } from "../classify/rules.js";
import type { CostModel } from "../quota/cost-models.js";
import type { RequestSize } from "../request/facts.js";

/** How a provider speaks: what its refusals mean, what it charges, how its streams end. */
export interface Dialect {
  readonly name: string;
  /** Hosts that speak it. */
  readonly hosts?: RegExp | undefined;
  /** Paths that only it has. */
  readonly paths?: RegExp | undefined;
  /** Response headers that give it away. */
  readonly headers?: readonly string[] | undefined;
  /** What its error bodies mean; the first rule that matches decides, and before any rule on the status alone. */
  readonly rules: readonly Rule[];
  /** How it charges tokens before it answers: a known formula, or one of one's own. */
  readonly admission: CostModel | ((size: RequestSize) => number);
  /** Tokens that it charged when all is told; left out where nothing comes back. */
  readonly settlement?: ((usage: Usage) => number | undefined) | undefined;
  /** The header that takes a name of the caller's for a request, which the provider keeps in its log. */
  readonly requestIdHeader?: string | undefined;
  /** Its streams may end without saying so. @default false */
  readonly omitsFinish?: boolean | undefined;
}

/** What an answer says that it used. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input, what was read from a cache. */
  readonly cachedTokens: number;
}
