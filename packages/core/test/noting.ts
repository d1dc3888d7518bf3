import type { VirtualClock } from "../src/testing.js";

/** Notes when each of several promises settles, in the order in which they do: `label@ms`, or `label!error@ms`. */
export function noting(clock: VirtualClock): { note(label: string, promise: Promise<unknown>): void; seen: string[] } {
  const seen: string[] = [];
  const note = (label: string, promise: Promise<unknown>): void => {
    promise.then(
      () => seen.push(`${label}@${clock.nowMs()}`),
      (error: unknown) => seen.push(`${label}!${error instanceof Error ? error.name : error}@${clock.nowMs()}`),
    );
  };
  return { note, seen };
}
