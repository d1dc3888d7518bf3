import type { LiveAttempt } from "../attempt.js";
import { type Clock, defaultClock } from "../clock.js";
import { matcherOf } from "../error-class.js";
import { BideError } from "../errors.js";
import { emit, isObserved } from "../events.js";
import { type Entry, executeGated, type Gate } from "../gate.js";
import { isLater } from "../later.js";
import { checkMethods } from "../options.js";
import type { Passage } from "../passage.js";
import { type LayerDescription, makePolicy, type Policy } from "../policy.js";
import { isAbort, isTransient } from "../transient.js";
import type { CallResult } from "./circuit.js";
import { CircuitOpenError } from "./circuit-open-error.js";
import { breakerRules, type CircuitBreakerOptions } from "./options.js";
import {
  type Admission,
  type BreakerRules,
  type BreakerStore,
  type CircuitState,
  memoryBreakerStore,
  type Transition,
} from "./store.js";

/** A policy with a circuit. Share the value to share the circuit. */
export interface CircuitBreaker extends Policy {
  /** The circuit now, as plain data; `initialState` takes it back. */
  state(): Promise<CircuitState>;
  /** Opens the circuit for its usual time. In memory this takes effect before it returns. */
  open(): Promise<void>;
  /** Closes the circuit and forgets the calls that it counted. */
  close(): Promise<void>;
  /** Opens the circuit until `close()`. */
  isolate(): Promise<void>;
}

/**
 * Stops calling a service that fails anyway, so that it can recover and callers need not wait to hear of it.
 *
 * Counts the calls of a window; when a call fails, at least `minimumCalls` are there and the share of failures has reached
 * `failureRatio`, it refuses calls at once, with a {@link CircuitOpenError}, for `openFor`. Then probes are let through: when `probes` of them
 * succeed it closes, and the first that fails opens it again. Calls that began before the circuit last changed count no more.
 *
 * Keeps state: one breaker per thing that can fail. When its store fails, calls are let through.
 *
 * @throws OptionError for an option that is unknown or out of range, and for a `store` that makes none.
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  const rules = breakerRules(options);
  const breaker = new Breaker(options, rules);
  const policy = makePolicy({
    execute: executeGated([breaker], options.clock),
    gate: breaker,
    clock: options.clock,
    describe: () => describeBreaker(rules, options.name),
  });
  return Object.assign(policy, {
    state: () => breaker.state(),
    open: () => breaker.force("open"),
    close: () => breaker.force("closed"),
    isolate: () => breaker.force("isolated"),
  });
}

/** What stands for an admission when the store could not be asked: the call is made, and nobody is told of it. */
const UNTOLD: Admission & { readonly isAdmitted: true } = { isAdmitted: true, ticket: Number.NaN };

class Breaker implements Gate {
  readonly isHeld = false;
  readonly #store: BreakerStore;
  readonly #isFailure: (error: unknown) => boolean;
  readonly #clock: Clock | undefined;
  readonly #name: string | undefined;
  /** One for all calls of a term of the circuit. */
  #entry: Admitted | undefined;

  constructor(
    { store = memoryBreakerStore, on = isTransient, clock, name }: CircuitBreakerOptions,
    rules: BreakerRules,
  ) {
    this.#isFailure = matcherOf(on, "on");
    this.#clock = clock;
    this.#name = name;
    this.#store = store(rules, this.#now());
    checkMethods(this.#store ?? null, "store", ["acquire", "report", "force", "read"], "a BreakerStore");
  }

  enter(passage: Passage): Entry | Promise<Entry> {
    const asked = this.#acquire();
    return isLater(asked) ? this.#awaited(asked, passage) : this.#admitted(asked);
  }

  /** The entry of a call that is let in. @throws CircuitOpenError when it is not. */
  #admitted(admission: Admission): Entry {
    this.#told(admission.transition);
    if (!admission.isAdmitted) throw this.#refusal(admission.state);
    const { ticket } = admission;
    if (ticket !== this.#entry?.ticket) this.#entry = new Admitted(this, ticket);
    return this.#entry;
  }

  async state(): Promise<CircuitState> {
    return this.#store.read(this.#now());
  }

  async force(status: "open" | "closed" | "isolated"): Promise<void> {
    this.#told(await this.#store.force(status, this.#now()));
  }

  /** A call that was cut tells of the service only when it was cut for taking too long. */
  resultOf(error: unknown, attempt: LiveAttempt): CallResult {
    if (isAbort(error) || (attempt.wasCutBy(error) && !isOvertime(error))) return "ignored";
    return this.#isFailure(error) ? "failure" : "success";
  }

  #acquire(): Admission | PromiseLike<Admission> {
    try {
      return this.#store.admit?.() ?? this.#store.acquire(this.#now());
    } catch (error) {
      return this.#unheard(error);
    }
  }

  /** Waits for a store elsewhere, but no longer than the caller does; an admission that comes too late is given back. */
  async #awaited(asked: PromiseLike<Admission>, passage: Passage): Promise<Entry> {
    const answer = Promise.resolve(asked).catch((error: unknown) => this.#unheard(error));
    try {
      await passage.step(() => answer);
    } catch (reason) {
      void answer.then((late) => {
        this.#told(late.transition);
        if (late.isAdmitted) this.report(late.ticket, "ignored");
      });
      throw reason;
    }
    return this.#admitted(await answer);
  }

  report(ticket: number, result: CallResult): void {
    if (Number.isNaN(ticket)) return;
    try {
      const reported = this.#store.report(ticket, result, this.#now());
      if (!isLater(reported)) this.#told(reported);
      else
        reported.then(
          (transition) => this.#told(transition),
          (error: unknown) => void this.#unheard(error),
        );
    } catch (error) {
      this.#unheard(error);
    }
  }

  #unheard(error: unknown): Admission {
    if (isObserved()) emit({ type: "store-failed", policy: "circuit-breaker", name: this.#name, error });
    return UNTOLD;
  }

  #refusal(state: CircuitState): CircuitOpenError {
    const { retryAfterMs } = state;
    if (isObserved()) emit({ type: "call-refused", policy: "circuit-breaker", name: this.#name, retryAfterMs });
    return new CircuitOpenError(this.#name, state);
  }

  #told(transition: Transition | undefined): void {
    if (transition === undefined || !isObserved()) return;
    const { status, calls, failures, retryAfterMs = 0 } = transition.to;
    const base = { name: this.#name, calls, failures };
    if (status === "open") emit({ type: "circuit-opened", ...base, retryAfterMs });
    else if (status === "half-open") emit({ type: "circuit-half-opened", ...base });
    else if (status === "closed") emit({ type: "circuit-closed", ...base });
    else emit({ type: "circuit-isolated", ...base });
  }

  #now(): number {
    return (this.#clock ?? defaultClock()).nowMs();
  }
}

/** Calls that the circuit let through in one of its terms. */
class Admitted implements Entry {
  readonly #breaker: Breaker;

  constructor(
    breaker: Breaker,
    readonly ticket: number,
  ) {
    this.#breaker = breaker;
  }

  succeeded(): void {
    this.#breaker.report(this.ticket, "success");
  }

  failed(error: unknown, attempt: LiveAttempt): void {
    this.#breaker.report(this.ticket, this.#breaker.resultOf(error, attempt));
  }
}

/** Cut by a deadline or a time-out, ours or that of `AbortSignal.timeout`; not by a caller who went away. */
function isOvertime(reason: unknown): boolean {
  return reason instanceof BideError || (Object(reason) as { readonly name?: unknown }).name === "TimeoutError";
}

function describeBreaker({ window, ...rules }: BreakerRules, name: string | undefined): LayerDescription {
  const { failureRatio, minimumCalls, openForMs, probes } = rules;
  const counted = "calls" in window ? `the last ${window.calls} calls` : `the calls of the last ${window.ms} ms`;
  return {
    policy: "circuit-breaker",
    name,
    summary: `refuses calls for ${openForMs} ms once ${failureRatio * 100} % of ${counted}, at least ${minimumCalls}, failed`,
    options: { failureRatio, minimumCalls, window, openForMs, probes },
  };
}
