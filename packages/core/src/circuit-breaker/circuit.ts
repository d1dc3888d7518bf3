import type { Tally } from "./window.js";

/** Where a circuit stands. */
export type CircuitStatus = "closed" | "open" | "half-open" | "isolated";

/** The numbers that a circuit goes by. */
export interface CircuitRules {
  /** The share of failures at which it opens, 0 to 1. */
  readonly failureRatio: number;
  /** Fewer calls than this in the window decide nothing. */
  readonly minimumCalls: number;
  readonly openForMs: number;
  /** How many calls have to succeed before it closes again; so many may try at once. */
  readonly probes: number;
}

/** A circuit as a value, but for the window of a closed one. */
export type Phase =
  | { readonly status: "closed" }
  | { readonly status: "open"; readonly untilMs: number; readonly tally: Tally }
  | {
      readonly status: "half-open";
      /** When each running probe is given up as lost, so that one that never ends does not hold the circuit for ever. */
      readonly leases: readonly number[];
      readonly succeeded: number;
      readonly tally: Tally;
    }
  | { readonly status: "isolated"; readonly tally: Tally };

/** How a call went, as far as the circuit cares. An aborted call says nothing. */
export type CallResult = "success" | "failure" | "ignored";

/** A circuit where calls go through. */
export const CLOSED: Phase = { status: "closed" };

/** A circuit that lets nothing through for a while. */
export function opened(tally: Tally, openForMs: number, nowMs: number): Phase {
  return { status: "open", untilMs: nowMs + openForMs, tally };
}

/** A circuit that lets probes through. */
export function halfOpened(tally: Tally): Phase {
  return { status: "half-open", leases: [], succeeded: 0, tally };
}

/** Whether a closed circuit with these calls in its window is to open. */
export function trips({ calls, failures }: Tally, { minimumCalls, failureRatio }: CircuitRules): boolean {
  return calls >= minimumCalls && failures / calls >= failureRatio;
}

/** The phase that has come about by time alone. */
export function awakened(phase: Phase, nowMs: number): Phase {
  if (phase.status === "open") return nowMs >= phase.untilMs ? halfOpened(phase.tally) : phase;
  if (phase.status !== "half-open") return phase;
  const leases = phase.leases.filter((untilMs) => untilMs > nowMs);
  return leases.length === phase.leases.length ? phase : { ...phase, leases };
}

/** The phase with one more probe on its way; `undefined` when the circuit lets no call through now. */
export function probing(phase: Phase, { probes, openForMs }: CircuitRules, nowMs: number): Phase | undefined {
  if (phase.status !== "half-open" || phase.leases.length + phase.succeeded >= probes) return undefined;
  return { ...phase, leases: [...phase.leases, nowMs + openForMs] };
}

/** The phase after a probe has ended. */
export function probed(phase: Phase, result: CallResult, rules: CircuitRules, nowMs: number): Phase {
  if (phase.status !== "half-open") return phase;
  if (result === "failure") return opened(phase.tally, rules.openForMs, nowMs);
  const leases = phase.leases.slice(1);
  if (result === "ignored") return { ...phase, leases };
  const succeeded = phase.succeeded + 1;
  return succeeded >= rules.probes ? CLOSED : { ...phase, leases, succeeded };
}

/** Milliseconds until a refused call may try again; `undefined` where nobody knows. */
export function refusedForMs(phase: Phase, nowMs: number): number | undefined {
  if (phase.status === "open") return Math.max(0, phase.untilMs - nowMs);
  if (phase.status === "half-open") return Math.max(0, Math.min(...phase.leases) - nowMs);
  return undefined;
}
