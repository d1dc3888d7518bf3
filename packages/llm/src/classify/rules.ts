import type { DecisionClass, Scope } from "./decision.js";
import type { ErrorBody } from "./error-body.js";

/** What a rule looks at. */
export interface ErrorFacts {
  /** The HTTP status; of an error inside a 200 or a stream, the one that the body names, if any. */
  readonly status: number | undefined;
  readonly headers: Headers;
  readonly body: ErrorBody;
}

/** One line of a table: when all of its conditions hold, it decides. */
export interface Rule {
  /** Names the rule in events: `provider.what`. */
  readonly id: string;
  readonly class: DecisionClass;
  /** @default what the class reaches by itself */
  readonly scope?: Scope | undefined;
  /** One sentence for people; it must quote nothing. */
  readonly reason: string;
  readonly status?: readonly number[] | undefined;
  /** Codes and types of the body, in lower case: one of them must be there. */
  readonly signals?: readonly string[] | undefined;
  /** Must be found in the body's messages. */
  readonly text?: RegExp | undefined;
  /** What no table can say. */
  readonly when?: ((facts: ErrorFacts) => boolean) | undefined;
}

/** A rule that matched, and what it saw. */
export interface Match {
  readonly rule: Rule;
  readonly signal: string | undefined;
}

/** The first rule that matches. */
export function firstMatch(rules: readonly Rule[], facts: ErrorFacts): Match | undefined {
  for (const rule of rules) {
    const { status, signals, text, when } = rule;
    if (status && (facts.status === undefined || !status.includes(facts.status))) continue;
    const signal = signals && facts.body.signals.find((seen) => signals.includes(seen));
    if (signals && signal === undefined) continue;
    if (text && !text.test(facts.body.text)) continue;
    if (when && !when(facts)) continue;
    return { rule, signal };
  }
  return undefined;
}

const SCOPES: Readonly<Record<DecisionClass, Scope>> = {
  rate: "model",
  "rate-long": "model",
  ramp: "key",
  overload: "host",
  transient: "request",
  quota: "key",
  "too-big": "request",
  context: "request",
  "content-filter": "request",
  invalid: "request",
  auth: "key",
  "not-found": "request",
};

/** How far a failure of this class reaches unless its rule says otherwise. */
export function scopeOf(rule: Rule): Scope {
  return rule.scope ?? SCOPES[rule.class];
}
