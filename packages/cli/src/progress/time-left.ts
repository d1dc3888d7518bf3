/** What the time to the end is reckoned from. */
export interface Pace {
  /** Items that are not done. */
  readonly left: number;
  /** Items of this run that are. */
  readonly doneNow: number;
  readonly elapsedMs: number;
  /** What the endpoints let in per minute, where it is known. */
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
  /** HTTP requests of this run that ended. */
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The time to the end, and what it takes that long for. */
export interface TimeLeft {
  readonly ms: number;
  readonly binds?: "requests" | "tokens" | undefined;
}

/**
 * The time to the end of a run: by what the limits let in, where they are known and bind, else by how fast it went so far.
 * `undefined` before anything is done.
 */
export function timeLeftMs(pace: Pace): TimeLeft | undefined {
  const { left, doneNow, elapsedMs, rpm, tpm, attempts, inputTokens, outputTokens } = pace;
  if (left === 0) return { ms: 0 };
  if (doneNow === 0) return undefined;
  const attemptsEach = Math.max(1, attempts / doneNow);
  const tokensEach = (inputTokens + outputTokens) / doneNow;
  const requestsMs = rpm === undefined ? 0 : ((left * attemptsEach) / rpm) * 60_000;
  const tokensMs = tpm === undefined ? 0 : ((left * tokensEach) / tpm) * 60_000;
  const byPaceMs = (left / doneNow) * elapsedMs;
  const limitMs = Math.max(requestsMs, tokensMs);
  // A burst at the start is faster than the limit; what is slower than it waits for answers, not for the limit.
  if (limitMs < byPaceMs * 0.7) return { ms: byPaceMs };
  return { ms: limitMs, binds: requestsMs >= tokensMs ? "requests" : "tokens" };
}
