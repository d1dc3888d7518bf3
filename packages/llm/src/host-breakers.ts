import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitOpenError,
  type Clock,
  circuitBreaker,
  type Random,
} from "bide";
import { AttemptFailure } from "./attempt-failure.js";

/** What can be told of the circuits of a layer. */
export type BreakerOptions = Pick<
  CircuitBreakerOptions,
  "failureRatio" | "minimumCalls" | "window" | "openFor" | "probes" | "name"
>;

/** While probes run nobody knows when the circuit closes: it is asked again after so long at the earliest. */
const LEAST_WAIT_MS = 100;
/** Those who were refused together do not come back together. */
const SPREAD = 0.1;

/** How long somebody may wait for a circuit. */
export interface CircuitPatience {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** On the clock. */
  readonly latestMs: number;
}

/** A circuit for each host: one that is short of capacity is left alone by all callers until a probe gets through. */
export class HostBreakers {
  readonly #options: CircuitBreakerOptions;
  readonly #breakers = new Map<string, CircuitBreaker>();

  /** @throws OptionError for an option that is unknown or out of range. */
  constructor(options: BreakerOptions, clock: Clock | undefined) {
    this.#options = { ...options, clock, on: isOverload };
    circuitBreaker(this.#options);
  }

  /** Makes a request where the circuit of its host lets it. @throws CircuitOpenError where it does not: nothing was sent. */
  run<T>(host: string, request: () => Promise<T>): Promise<T> {
    let breaker = this.#breakers.get(host);
    if (breaker === undefined) {
      breaker = circuitBreaker({ ...this.#options, name: this.#options.name ?? host });
      this.#breakers.set(host, breaker);
    }
    return breaker.run(request);
  }
}

/** Waits until a circuit may be asked again. @throws its refusal where there is no time for that. */
export async function waitForCircuit(refusal: CircuitOpenError, patience: CircuitPatience): Promise<void> {
  const { clock, random, signal, latestMs } = patience;
  const waitMs = Math.max(LEAST_WAIT_MS, refusal.retryAfterMs ?? LEAST_WAIT_MS) * (1 + SPREAD * random());
  if (clock.nowMs() + waitMs >= latestMs) throw refusal;
  await clock.sleep(waitMs, signal);
}

function isOverload(error: unknown): boolean {
  return error instanceof AttemptFailure && error.decision.class === "overload";
}
