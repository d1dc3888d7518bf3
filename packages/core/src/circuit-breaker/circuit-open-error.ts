import { BideError } from "../errors.js";
import type { CircuitStatus } from "./circuit.js";
import type { CircuitState } from "./store.js";

/** A circuit is open: the call was not made. */
export class CircuitOpenError extends BideError {
  override readonly code = "BIDE_CIRCUIT_OPEN";
  override get name(): "CircuitOpenError" {
    return "CircuitOpenError";
  }
  /** Milliseconds until a call may be let through; `undefined` when it is held open by hand. */
  readonly retryAfterMs: number | undefined;
  readonly status: CircuitStatus;
  /** The calls and failures that opened it. */
  readonly calls: number;
  readonly failures: number;

  constructor(circuit: string | undefined, { status, calls, failures, retryAfterMs }: CircuitState) {
    super(
      `${circuit === undefined ? "circuit" : `circuit "${circuit}"`} is ${told({ status, calls, failures, retryAfterMs })}`,
    );
    this.status = status;
    this.calls = calls;
    this.failures = failures;
    this.retryAfterMs = retryAfterMs;
  }
}

function told({ status, calls, failures, retryAfterMs }: CircuitState): string {
  if (status === "isolated") return "held open by hand";
  const next = retryAfterMs === undefined ? "soon" : `in ${Math.ceil(retryAfterMs)} ms`;
  if (status === "half-open") return `half-open: its probes are still running; next probe ${next} at the latest`;
  return `open: ${failures} of the last ${calls} calls failed; next probe ${next}`;
}
