import { checkFunction, checkKeys, optionError } from "bide/kit";
import { decisionOf } from "./classify/client-error.js";
import type { Decision, DecisionClass } from "./classify/decision.js";

/** What lets the next model have a try: classes of failures, or a function that decides. */
export type FallbackTrigger = readonly DecisionClass[] | ((decision: Decision, error: unknown) => boolean);

/** A model, and the client that reaches it. */
export interface ModelChoice<C = unknown> {
  readonly client: C;
  readonly model: string;
  /** What lets the next one have a try when this one fails. @default that of all */
  readonly on?: FallbackTrigger | undefined;
}

/** One model gave way to the next. */
export interface ModelFallen<M extends ModelChoice = ModelChoice> {
  readonly from: M;
  readonly to: M;
  readonly decision: Decision;
}

/** Options of {@link modelFallback}. */
export interface ModelFallbackOptions<M extends ModelChoice = ModelChoice> {
  /**
   * What lets the next model have a try. What the request itself is to blame for (`too-big`, `context`, `content-filter`,
   * `invalid`), and what nobody should overlook (`auth`, `not-found`), is not among the defaults; name it where the next model
   * reads more, or is allowed more.
   *
   * @default ["rate", "rate-long", "ramp", "overload", "transient", "quota"]
   */
  readonly on?: FallbackTrigger | undefined;
  /** Hears of every model that gave way. What it throws changes nothing. */
  readonly onFallback?: ((fallen: ModelFallen<M>) => void) | undefined;
}

/** The defaults of {@link ModelFallbackOptions}. */
export const MODEL_FALLBACK_DEFAULTS: { readonly on: readonly DecisionClass[] } = Object.freeze({
  on: Object.freeze(["rate", "rate-long", "ramp", "overload", "transient", "quota"] as const),
});

/** Models in the order in which they are asked. */
export interface ModelFallback<M extends ModelChoice> {
  /**
   * Runs the operation with the first model, and with the next one where that fails in a way that lets it. Resolves to the
   * first answer; a stream that was opened is an answer, as nothing of it can be taken back. Throws the last model's own error.
   */
  run<T>(operation: (choice: M) => T | PromiseLike<T>): Promise<T>;
}

/**
 * An ordered list of models. Each client does its own waiting and retrying first, so make them `resilient` and bounded: the
 * next model has its try when the one before has given up. Keeps no state: a key that was stopped refuses by itself, without a
 * request.
 *
 * @throws OptionError for an empty list, or an option that is unknown.
 */
export function modelFallback<const M extends ModelChoice>(
  models: readonly M[],
  options: ModelFallbackOptions<M> = {},
): ModelFallback<M> {
  checkKeys(options, ["on", "onFallback"], "modelFallback");
  checkFunction(options.onFallback, "onFallback");
  const [first, ...rest] = models;
  if (first === undefined) throw optionError("models", "a list of at least one", models);
  return { run: (operation) => firstAnswer(first, rest, operation, options) };
}

async function firstAnswer<M extends ModelChoice, T>(
  choice: M,
  [next, ...others]: readonly M[],
  operation: (choice: M) => T | PromiseLike<T>,
  options: ModelFallbackOptions<M>,
): Promise<T> {
  try {
    return await operation(choice);
  } catch (error) {
    const decision = decisionOf(error);
    if (next === undefined || decision === undefined) throw error;
    if (!lets(choice.on ?? options.on ?? MODEL_FALLBACK_DEFAULTS.on, decision, error)) throw error;
    told(options.onFallback, { from: choice, to: next, decision });
    return firstAnswer(next, others, operation, options);
  }
}

function lets(on: FallbackTrigger, decision: Decision, error: unknown): boolean {
  return typeof on === "function" ? on(decision, error) : on.includes(decision.class);
}

function told<M extends ModelChoice>(listener: ModelFallbackOptions<M>["onFallback"], fallen: ModelFallen<M>): void {
  try {
    listener?.(fallen);
  } catch {
    // A listener that throws changes nothing.
  }
}
