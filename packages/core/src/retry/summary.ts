/** What a retry with these options does, in words. Apart from `retry`, which works without them. */
export function retrySummary(options: Readonly<Record<string, unknown>>): string {
  const { maxAttempts, attemptTimeoutMs, maxTimeMs, deadlineMs, budget } = options;
  const bounds = [
    isBound(maxAttempts)
      ? `makes up to ${shownBound(maxAttempts)} attempts`
      : "makes attempts as long as its schedule lasts",
    isBound(attemptTimeoutMs) && `each of at most ${attemptTimeoutMs} ms`,
    isBound(maxTimeMs) && `the last starting within ${shownBound(maxTimeMs)} ms`,
    isBound(deadlineMs) && `all ending within ${shownBound(deadlineMs)} ms`,
    budget && "within a budget",
  ];
  return bounds.filter(Boolean).join(", ");
}

function isBound(bound: unknown): boolean {
  return bound !== Number.POSITIVE_INFINITY;
}

function shownBound(bound: unknown): string {
  return bound === "computed" ? "a computed number of" : String(bound);
}
