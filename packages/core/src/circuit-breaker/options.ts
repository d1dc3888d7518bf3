import type { Clock } from "../clock.js";
import type { Duration } from "../duration.js";
import { toFiniteMs } from "../duration.js";
import type { ErrorMatch } from "../error-class.js";
import { OptionError, optionError } from "../errors.js";
import { checkFunction, checkInteger, checkKeys, checkNumber } from "../options.js";
import type { BreakerRules, BreakerStoreFactory, CircuitState } from "./store.js";

/** Options of `circuitBreaker`. */
export interface CircuitBreakerOptions {
  /** The share of failures among the calls of the window at which the circuit opens; > 0 and <= 1. @default 0.5 */
  readonly failureRatio?: number | undefined;
  /** Fewer calls than this in the window decide nothing. An integer >= 1. @default 20 */
  readonly minimumCalls?: number | undefined;
  /** The calls that count: those of the last while, or the last so many. @default "30s" */
  readonly window?: Duration | { readonly calls: number } | undefined;
  /** How long an open circuit refuses calls before it lets a probe through. A probe that takes longer is given up. @default "5s" */
  readonly openFor?: Duration | undefined;
  /** How many probes have to succeed before the circuit closes; so many run at once at most. An integer >= 1. @default 1 */
  readonly probes?: number | undefined;
  /** Which errors count as failures. Others mean that the service answered; an abort means nothing. @default isTransient */
  readonly on?: ErrorMatch | undefined;
  /** Where the circuit is kept. @default in memory */
  readonly store?: BreakerStoreFactory | undefined;
  /** Where it begins: what `state()` said elsewhere or before. @default closed */
  readonly initialState?: CircuitState | undefined;
  /** @default the clock of the host */
  readonly clock?: Clock | undefined;
  /** For events and errors. */
  readonly name?: string | undefined;
}

/** The defaults of `circuitBreaker`. */
export const CIRCUIT_BREAKER_DEFAULTS: {
  readonly failureRatio: number;
  readonly minimumCalls: number;
  readonly window: Duration;
  readonly openFor: Duration;
  readonly probes: number;
} = /* @__PURE__ */ Object.freeze({ failureRatio: 0.5, minimumCalls: 20, window: "30s", openFor: "5s", probes: 1 });

const KEYS = [
  "failureRatio",
  "minimumCalls",
  "window",
  "openFor",
  "probes",
  "on",
  "store",
  "initialState",
  "clock",
  "name",
];

const STATUSES: readonly unknown[] = ["closed", "open", "half-open", "isolated"];

/** @throws OptionError for an option that is unknown or out of range. */
export function breakerRules(options: CircuitBreakerOptions): BreakerRules {
  checkKeys(options, KEYS, "circuitBreaker");
  const defaults = CIRCUIT_BREAKER_DEFAULTS;
  const { failureRatio = defaults.failureRatio, minimumCalls = defaults.minimumCalls, initialState } = options;
  const { window = defaults.window, openFor = defaults.openFor, probes = defaults.probes } = options;
  checkNumber(failureRatio, "failureRatio", "> 0 and <= 1");
  checkInteger(minimumCalls, "minimumCalls", 1, false);
  checkInteger(probes, "probes", 1, false);
  checkFunction(options.store, "store");
  checkInitialState(initialState);
  const counted = windowOf(window);
  if ("calls" in counted && counted.calls < minimumCalls) {
    throw new OptionError(
      "minimumCalls",
      `expected \`minimumCalls\` to be at most the window of ${counted.calls} calls, got \`${minimumCalls}\`: it would never open`,
    );
  }
  return {
    failureRatio,
    minimumCalls,
    window: counted,
    openForMs: toFiniteMs(openFor, "openFor"),
    probes,
    initialState,
  };
}

function windowOf(window: unknown): BreakerRules["window"] {
  if (typeof window !== "object" || window === null) return { ms: toFiniteMs(window as Duration, "window") };
  const { calls } = window as { readonly calls?: unknown };
  checkInteger(calls, "window.calls", 1, false);
  return { calls: calls as number };
}

function checkInitialState(state: CircuitState | undefined): void {
  if (state === undefined) return;
  if (!STATUSES.includes(Object(state).status)) throw optionError("initialState", "what `state()` returned", state);
  checkInteger(state.calls, "initialState.calls", 0, false);
  checkInteger(state.failures, "initialState.failures", 0);
  if (state.failures > state.calls)
    throw optionError("initialState.failures", `at most the ${state.calls} calls`, state.failures);
  if (state.retryAfterMs !== undefined) checkNumber(state.retryAfterMs, "initialState.retryAfterMs", ">= 0");
}
