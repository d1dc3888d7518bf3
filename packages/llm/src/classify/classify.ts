import { dialectOfAnswer } from "../dialects/detect.js";
import type { Dialect } from "../dialects/dialect.js";
import { dimensionOf, hintOf } from "../hints/hint.js";
import type { Decision, DecisionClass, Dimension } from "./decision.js";
import type { ErrorBody } from "./error-body.js";
import { type ErrorFacts, firstMatch, type Match, type Rule, scopeOf } from "./rules.js";
import { STATUS_RULES } from "./status-rules.js";

/** An answer that is no success, read. */
export interface FailedAnswer {
  readonly status: number | undefined;
  readonly headers: Headers;
  readonly body: ErrorBody;
}

/** What a classification may know beside the answer. */
export interface ClassifyContext {
  readonly dialect: Dialect;
  /** The user's own rules: they come first. */
  readonly rules?: readonly Rule[] | undefined;
  readonly wallNowMs: number;
}

/** A wait this long is no limit per minute, whatever the provider calls it. */
const LONG_WAIT_MS = 10 * 60_000;

const UNKNOWN: Match = {
  rule: { id: "status.none", class: "transient", reason: "the call failed" },
  signal: undefined,
};

/** What to do about an answer: body before status, user's rules before the dialect's, those before the status. */
export function classify(answer: FailedAnswer, context: ClassifyContext): Decision {
  const dialect = dialectOfAnswer(context.dialect, answer.headers, answer.body);
  const facts = factsOf(answer);
  const match = firstMatch([...(context.rules ?? []), ...dialect.rules, ...STATUS_RULES], facts) ?? UNKNOWN;
  const dimension = dimensionOf(answer.body);
  const hint = hintOf({ ...answer, dimension: counted(match.rule, dimension), wallNowMs: context.wallNowMs });
  const shouldRetry = shouldRetryOf(answer.headers);
  return {
    class: adjusted(match.rule.class, shouldRetry, hint?.waitMs),
    scope: scopeOf(match.rule),
    waitMs: hint?.waitMs,
    reason: match.rule.reason,
    evidence: {
      dialect: dialect.name,
      rule: match.rule.id,
      status: facts.status,
      signal: match.signal,
      hint: hint?.source,
      dimension,
      shouldRetry,
    },
  };
}

/** The status counts as the body names it where the answer itself claims success. */
function factsOf({ status, headers, body }: FailedAnswer): ErrorFacts {
  const isSuccess = status === undefined || status < 300;
  return { status: isSuccess ? body.status : status, headers, body };
}

/** Reset headers tell of limits: a failure of another kind does not wait for them. */
function counted(rule: Rule, dimension: Dimension | undefined): Dimension | "none" | undefined {
  return rule.class === "rate" || rule.class === "rate-long" ? dimension : "none";
}

function shouldRetryOf(headers: Headers): boolean | undefined {
  const value = headers.get("x-should-retry")?.trim().toLowerCase();
  return value === "true" ? true : value === "false" ? false : undefined;
}

/** The server's own word may make a refusal worth another try, but never one that cannot heal. */
function adjusted(type: DecisionClass, shouldRetry: boolean | undefined, waitMs: number | undefined): DecisionClass {
  if (type === "rate" && waitMs !== undefined && waitMs > LONG_WAIT_MS) return "rate-long";
  if (shouldRetry === true && (type === "invalid" || type === "not-found")) return "transient";
  return type;
}

const STATUSES: Readonly<Record<DecisionClass, number>> = {
  rate: 429,
  "rate-long": 429,
  ramp: 429,
  overload: 503,
  transient: 500,
  quota: 429,
  "too-big": 429,
  context: 400,
  "content-filter": 400,
  invalid: 400,
  auth: 401,
  "not-found": 404,
};

/** The status that an answer should have had. */
export function statusOf({ class: type, evidence }: Decision): number {
  return evidence.status ?? STATUSES[type];
}
