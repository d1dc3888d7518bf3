import type { Reason } from "../outcome.js";

/** What is known when a failure may be retried and its wait is to be found. All times in milliseconds. */
export interface Waiting {
  /** The schedule's wait, already jittered. */
  readonly backoffMs: number;
  /** What the server asked for. */
  readonly hintMs: number | undefined;
  /** A share in [0, 1) that spreads a hint; `undefined` with jitter off. */
  readonly spread: number | undefined;
  /** Time left until `maxTime`. */
  readonly untilMaxTimeMs: number;
  /** Time left until the deadline. */
  readonly untilDeadlineMs: number;
}

/** The end of a run, and why. */
export interface Stop {
  readonly reason: Exclude<Reason, "success">;
  /** With `hint-exceeds-deadline`: the wait that the server asked for. */
  readonly retryAfterMs?: number;
}

/** Wait so many milliseconds, or end the run. */
export type Plan = number | Stop;

/** How far a hint is spread: a tenth of it, and a second at least. */
const HINT_SPREAD = 0.1;
const HINT_SPREAD_LEAST_MS = 1000;

/** The wait before the next attempt. Waits of a schedule are shortened to `maxTime`; a server's hint never is. */
export function planWait(waiting: Waiting): Plan {
  const { backoffMs, hintMs = 0, untilMaxTimeMs, untilDeadlineMs } = waiting;
  if (hintMs > 0 && hintMs >= backoffMs) return planHint(waiting, hintMs);
  const delayMs = Math.max(hintMs, Math.min(backoffMs, untilMaxTimeMs));
  if (delayMs > untilMaxTimeMs) return { reason: "hint-exceeds-deadline", retryAfterMs: hintMs };
  return delayMs < untilDeadlineMs ? delayMs : { reason: "deadline" };
}

function planHint({ spread = 0, untilMaxTimeMs, untilDeadlineMs }: Waiting, hintMs: number): Plan {
  const roomMs = Math.min(untilMaxTimeMs, untilDeadlineMs);
  if (hintMs >= roomMs) return { reason: "hint-exceeds-deadline", retryAfterMs: hintMs };
  const jitterMs = spread * Math.max(HINT_SPREAD_LEAST_MS, HINT_SPREAD * hintMs);
  // The jitter on top is ours to give up; the hint is not.
  return hintMs + jitterMs < roomMs ? hintMs + jitterMs : hintMs;
}
