import {
  awakened,
  type CallResult,
  type CircuitRules,
  type CircuitStatus,
  CLOSED,
  halfOpened,
  opened,
  type Phase,
  probed,
  probing,
  refusedForMs,
  trips,
} from "./circuit.js";
import { type CallWindow, CountWindow, type Tally, TimeWindow } from "./window.js";

/** A circuit at a moment: plain data, fit for JSON, and with no time in it that means something on one machine only. */
export interface CircuitState extends Tally {
  readonly status: CircuitStatus;
  /** Milliseconds until a call may be let through; only where the circuit lets none through now. */
  readonly retryAfterMs?: number | undefined;
}

/** What a breaker hands its store. */
export interface BreakerRules extends CircuitRules {
  /** The calls that count: the last so many, or those of the last milliseconds. */
  readonly window: { readonly calls: number } | { readonly ms: number };
  /** Where to begin. A store that outlives the process has a state already and may ignore it. */
  readonly initialState?: CircuitState | undefined;
}

/** A circuit went from one status to another. */
export interface Transition {
  readonly from: CircuitStatus;
  readonly to: CircuitState;
}

/** Whether a call may be made. `ticket` names the term of the circuit that it was let through in. */
export type Admission =
  | { readonly isAdmitted: true; readonly ticket: number; readonly transition?: Transition | undefined }
  | { readonly isAdmitted: false; readonly state: CircuitState; readonly transition?: Transition | undefined };

/**
 * Where a circuit is kept. A store counts and decides; it may answer at once or by a promise, and each method is one atomic
 * step. `nowMs` is the breaker's clock; a store with a clock of its own goes by that one, and answers in differences.
 * The suite `breakerStoreCases` in `bide/testing` says the same as tests.
 */
export interface BreakerStore {
  /** Asks to make a call. */
  acquire(nowMs: number): Admission | PromiseLike<Admission>;
  /** The same, where the time does not matter: for a circuit that is closed. A look at the clock costs half a call. */
  admit?(): Admission | undefined;
  /** Tells how a call went. One whose ticket is of an earlier term of the circuit changes nothing. */
  report(
    ticket: number,
    result: CallResult,
    nowMs: number,
  ): Transition | undefined | PromiseLike<Transition | undefined>;
  /** Puts the circuit where somebody wants it: open for its usual time, open until told otherwise, or closed and forgetful. */
  force(
    status: "open" | "isolated" | "closed",
    nowMs: number,
  ): Transition | undefined | PromiseLike<Transition | undefined>;
  /** Looks, and changes nothing. */
  read(nowMs: number): CircuitState | PromiseLike<CircuitState>;
}

/** Makes the store of one circuit. Handed to a breaker as `store`. */
export type BreakerStoreFactory = (rules: BreakerRules, nowMs: number) => BreakerStore;

/** A circuit in this process. */
export const memoryBreakerStore: BreakerStoreFactory = (rules, nowMs) => new MemoryBreakerStore(rules, nowMs);

class MemoryBreakerStore implements BreakerStore {
  readonly #rules: BreakerRules;
  readonly #window: CallWindow;
  #phase: Phase;
  /** The term of the circuit: it changes with the status, so that calls of an earlier term are told from those of this one. */
  #term = 0;
  #admission: Admission = { isAdmitted: true, ticket: 0 };

  constructor(rules: BreakerRules, nowMs: number) {
    const { window, initialState } = rules;
    this.#rules = rules;
    this.#window = "calls" in window ? new CountWindow(window.calls) : new TimeWindow(window.ms);
    this.#phase = initialState === undefined ? CLOSED : phaseOf(initialState, rules, nowMs);
    if (initialState?.status === "closed") this.#window.seed(initialState, nowMs);
  }

  admit(): Admission | undefined {
    return this.#phase.status === "closed" ? this.#admission : undefined;
  }

  acquire(nowMs: number): Admission {
    if (this.#phase.status === "closed") return this.#admission;
    const transition = this.#enter(awakened(this.#phase, nowMs), nowMs);
    const phase = probing(this.#phase, this.#rules, nowMs);
    if (phase === undefined) return { isAdmitted: false, state: this.read(nowMs), transition };
    this.#phase = phase;
    return { isAdmitted: true, ticket: this.#term, transition };
  }

  report(ticket: number, result: CallResult, nowMs: number): Transition | undefined {
    if (ticket !== this.#term) return undefined;
    if (this.#phase.status !== "closed") return this.#enter(probed(this.#phase, result, this.#rules, nowMs), nowMs);
    if (result === "ignored") return undefined;
    this.#window.record(result === "failure", nowMs);
    if (result === "success") return undefined;
    const tally = this.#window.tally(nowMs);
    return trips(tally, this.#rules) ? this.#enter(opened(tally, this.#rules.openForMs, nowMs), nowMs) : undefined;
  }

  force(status: "open" | "isolated" | "closed", nowMs: number): Transition | undefined {
    const tally = this.#tally(nowMs);
    if (status === "open") return this.#enter(opened(tally, this.#rules.openForMs, nowMs), nowMs);
    if (status === "isolated") return this.#enter({ status, tally }, nowMs);
    this.#window.clear();
    return this.#enter(CLOSED, nowMs);
  }

  read(nowMs: number): CircuitState {
    const phase = awakened(this.#phase, nowMs);
    const retryAfterMs = probing(phase, this.#rules, nowMs) ? undefined : refusedForMs(phase, nowMs);
    return { status: phase.status, ...this.#tally(nowMs), ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }

  #tally(nowMs: number): Tally {
    return this.#phase.status === "closed" ? this.#window.tally(nowMs) : this.#phase.tally;
  }

  /** Takes a phase on; a new status begins a new term, with an empty window: what opened the circuit is in its phase. */
  #enter(phase: Phase, nowMs: number): Transition | undefined {
    const from = this.#phase.status;
    const tally = this.#tally(nowMs);
    this.#phase = phase;
    if (from === phase.status) return undefined;
    this.#term++;
    this.#admission = { isAdmitted: true, ticket: this.#term };
    this.#window.clear();
    return { from, to: { ...this.read(nowMs), ...tally } };
  }
}

function phaseOf({ status, retryAfterMs, calls, failures }: CircuitState, rules: BreakerRules, nowMs: number): Phase {
  const tally = { calls, failures };
  if (status === "open") return opened(tally, retryAfterMs ?? rules.openForMs, nowMs);
  if (status === "half-open") return halfOpened(tally);
  return { status, tally };
}
