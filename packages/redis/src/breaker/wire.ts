import type { Admission, CircuitState, CircuitStatus, Transition } from "bide";
import { RedisAnswerError } from "../errors.js";

/** What the script answers. */
export interface BreakerAnswer {
  readonly isAdmitted: boolean;
  readonly ticket: number;
  readonly state: CircuitState;
  readonly transition: Transition | undefined;
}

const STATUSES: readonly CircuitStatus[] = ["closed", "open", "half-open", "isolated"];

/** @throws RedisAnswerError for anything but what the script answers. */
export function parseBreakerAnswer(reply: unknown): BreakerAnswer {
  if (!Array.isArray(reply)) throw strange();
  const [admitted, ticket, state, transition] = reply as readonly unknown[];
  const [from, ...to] = textsOf(transition);
  return {
    isAdmitted: admitted === "1",
    ticket: numberOf(ticket),
    state: stateOf(textsOf(state)),
    transition: from === undefined ? undefined : { from: statusOf(from), to: stateOf(to) },
  };
}

/** The answer as a breaker wants it. */
export function admissionOf({ isAdmitted, ticket, state, transition }: BreakerAnswer): Admission {
  return isAdmitted ? { isAdmitted, ticket, transition } : { isAdmitted, state, transition };
}

function stateOf([status = "", calls, failures, retryAfterMs = ""]: readonly string[]): CircuitState {
  const base = { status: statusOf(status), calls: numberOf(calls), failures: numberOf(failures) };
  return retryAfterMs === "" ? base : { ...base, retryAfterMs: numberOf(retryAfterMs) };
}

function statusOf(text: string): CircuitStatus {
  const status = STATUSES.find((known) => known === text);
  if (status === undefined) throw strange();
  return status;
}

function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw strange();
}

function numberOf(value: unknown): number {
  const number = Number(value);
  if (value === "" || value === undefined || Number.isNaN(number)) throw strange();
  return number;
}

function strange(): RedisAnswerError {
  return new RedisAnswerError("Redis answered something that the breaker's script does not answer");
}
