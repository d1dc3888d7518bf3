import type { RunRecord } from "../journal/records.js";

/** A run on the axis of running time. */
export interface Span {
  /** Wall time, milliseconds since 1970. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** Where it begins on the axis. */
  readonly atMs: number;
}

/**
 * The time in which the batch was worked on, one run behind the other: a laptop that slept a night between two runs leaves no
 * gap. Attempts are given their place on it.
 */
export class Timeline {
  readonly spans: readonly Span[];

  /** @param lastEnds When the last attempt of each run ended: a run that was killed left no other end. */
  constructor(runs: readonly RunRecord[], lastEnds: readonly number[], nowMs: number, isRunning: boolean) {
    const spans: Span[] = [];
    let atMs = 0;
    for (const [index, { startedMs, endedMs }] of runs.entries()) {
      const isLast = index === runs.length - 1;
      const known = Math.max(startedMs, endedMs ?? 0, lastEnds[index] ?? 0);
      const end = isLast && isRunning ? Math.max(known, nowMs) : known;
      spans.push({ startedMs, endedMs: end, atMs });
      atMs += end - startedMs;
    }
    this.spans = spans;
  }

  get runningMs(): number {
    const last = this.spans.at(-1);
    return last === undefined ? 0 : last.atMs + last.endedMs - last.startedMs;
  }

  /** The place of an instant on the axis. */
  at(wallMs: number): number {
    const span = this.spans[indexOfRun(this.spans, wallMs)];
    if (span === undefined) return 0;
    return span.atMs + Math.min(Math.max(0, wallMs - span.startedMs), span.endedMs - span.startedMs);
  }
}

/** The run that an instant belongs to: the last one that had begun. */
export function indexOfRun(runs: readonly { readonly startedMs: number }[], wallMs: number): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.startedMs ?? 0) <= wallMs) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
