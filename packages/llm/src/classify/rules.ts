import { checkKeys, optionError } from "bide/kit";
import { isObject } from "../json.js";
import { DECISION_CLASSES, type DecisionClass, SCOPES, type Scope } from "./decision.js";
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

const KEYS = ["id", "class", "scope", "reason", "status", "signals", "text", "when"] as const;

/**
 * Checks rules of the caller's own: one that cannot be would break, or never match, when the first call fails.
 *
 * @throws OptionError for the first one.
 */
export function checkRules(rules: readonly unknown[]): void {
  if (!Array.isArray(rules)) throw optionError("rules", "a list of rules", rules);
  for (const [index, rule] of rules.entries()) checkRule(rule, `rules[${index}]`);
}

function checkRule(rule: unknown, name: string): void {
  if (!isObject(rule)) throw optionError(name, "a rule: an object with `id`, `class` and `reason`", rule);
  checkKeys(rule, KEYS, name);
  const check = (key: (typeof KEYS)[number], expected: string, isGood: (value: unknown) => boolean): void => {
    if (!isGood(rule[key])) throw optionError(`${name}.${key}`, expected, rule[key]);
  };
  const optional = (isGood: (value: unknown) => boolean) => (value: unknown) => value === undefined || isGood(value);
  const listOf = (isGood: (value: unknown) => boolean) => (value: unknown) =>
    Array.isArray(value) && value.every(isGood);
  check("id", "a text", isText);
  check("reason", "a text", isText);
  check("class", `one of ${DECISION_CLASSES.join(", ")}`, (value) => DECISION_CLASSES.some((known) => known === value));
  check(
    "scope",
    `one of ${SCOPES.join(", ")}`,
    optional((value) => SCOPES.some((known) => known === value)),
  );
  check("status", "a list of statuses, such as [429]", optional(listOf(Number.isInteger)));
  check("signals", "a list of codes and types in lower case", optional(listOf(isLowerCase)));
  check(
    "text",
    "a regular expression",
    optional((value) => value instanceof RegExp),
  );
  check(
    "when",
    "a function",
    optional((value) => typeof value === "function"),
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isLowerCase(value: unknown): boolean {
  return typeof value === "string" && value === value.toLowerCase();
}

const REACH: Readonly<Record<DecisionClass, Scope>> = {
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
  return rule.scope ?? REACH[rule.class];
}
