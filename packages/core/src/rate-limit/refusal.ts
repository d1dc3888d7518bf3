import type { BideError } from "../errors.js";
import { AdmissionDeadlineError, AdmissionQueueFullError, CostTooLargeError } from "./errors.js";
import { forecast, neverOf } from "./forecast.js";
import type { Earliest } from "./gcra.js";
import type { LimiterConfig } from "./options.js";
import type { ReserveAnswer } from "./store.js";
import type { Waiter, WaitingLine } from "./waiting-line.js";

/** What a decision about one who waits is made from. */
export interface QueueView {
  readonly config: LimiterConfig;
  readonly line: WaitingLine;
  readonly nowMs: number;
}

/** How a limiter says no. */
export type Refusal = BideError & { readonly retryAfterMs?: number };

/** Why the request is not to wait; `undefined` when it may. @param answer What the store said to it, where it was asked. */
export function refusalOf(view: QueueView, waiter: Waiter, answer: ReserveAnswer | undefined): Refusal | undefined {
  const { config, line, nowMs } = view;
  const { name, maxQueue, store } = config;
  const { cost, deadlineMs } = waiter;
  const verdict = answer ?? neverOf(store.state(nowMs), cost);
  if (verdict?.kind === "too-large") {
    return new CostTooLargeError(name, verdict.currency, verdict.cost, verdict.capacity);
  }
  const others = line.size - (waiter.index < 0 ? 0 : 1);
  if (others >= maxQueue) return new AdmissionQueueFullError(name, maxQueue);
  if (deadlineMs === undefined) return undefined;
  const { atMs, binds } = earliest(view, waiter, answer);
  return atMs < deadlineMs ? undefined : new AdmissionDeadlineError(name, atMs - nowMs, deadlineMs - nowMs, binds);
}

/** The refusal of one whose deadline comes before anybody is admitted. @param nextAtMs When that is, where it is known. */
export function latenessOf(view: QueueView, waiter: Waiter, nextAtMs: number | undefined): Refusal {
  const { config, nowMs } = view;
  const { deadlineMs = nowMs } = waiter;
  const { atMs, binds } = earliest(view, waiter, undefined);
  // Where time alone does not tell, the buckets say the earliest.
  const couldMs = Math.max(atMs, nextAtMs === Number.POSITIVE_INFINITY ? nowMs : (nextAtMs ?? nowMs)) - nowMs;
  return new AdmissionDeadlineError(config.name, couldMs, deadlineMs - nowMs, binds);
}

/** The share of the bursts that a request of this priority leaves alone. */
export function keepFree({ interactiveShare }: LimiterConfig, priority: number): number {
  return priority > 0 ? 0 : interactiveShare;
}

/** When the waiter could go: by what the store said to it, or behind those who go before it. */
function earliest({ config, line, nowMs }: QueueView, waiter: Waiter, answer: ReserveAnswer | undefined): Earliest {
  if (answer?.kind === "wait" && answer.waitMs < Number.POSITIVE_INFINITY)
    return { atMs: nowMs + answer.waitMs, binds: answer.binds };
  const { cost, priority } = waiter;
  const request = { cost, ahead: line.ahead(priority), keepFree: keepFree(config, priority) };
  const { atMs, binds } = forecast(config.store.state(nowMs), request, nowMs);
  return { atMs: Math.max(atMs, nowMs), binds };
}
