import type { JournalAttempt } from "../journal/reader.js";
import type { ItemShown } from "./report-data.js";
import { indexOfRun } from "./timeline.js";

/** An item with the attempts that one run made for it. */
export interface ItemAttempts {
  readonly customId: string;
  readonly attempts: readonly [JournalAttempt, ...JournalAttempt[]];
}

/**
 * The attempts of the journal, those of an item together: they are written in one piece when a run is done with it. Items of
 * two runs are two.
 */
export function* itemsIn(
  attempts: Iterable<JournalAttempt>,
  runs: readonly { readonly startedMs: number }[],
): Iterable<ItemAttempts> {
  let current: [JournalAttempt, ...JournalAttempt[]] | undefined;
  let run = -1;
  for (const attempt of attempts) {
    const itsRun = indexOfRun(runs, attempt.startedMs);
    if (current !== undefined && current[0].customId === attempt.customId && itsRun === run) {
      current.push(attempt);
      continue;
    }
    if (current !== undefined) yield { customId: current[0].customId, attempts: current };
    current = [attempt];
    run = itsRun;
  }
  if (current !== undefined) yield { customId: current[0].customId, attempts: current };
}

/** An item as the tables show it. */
export function shownOf({ customId, attempts }: ItemAttempts): ItemShown {
  const { status, class: type, code } = attempts.at(-1) ?? attempts[0];
  let [tookMs, queuedMs] = [0, 0];
  for (const attempt of attempts) {
    const inLineMs = Math.min(attempt.queuedMs ?? 0, attempt.waitedMs);
    tookMs += attempt.waitedMs - inLineMs + attempt.tookMs;
    queuedMs += inLineMs;
  }
  return { customId, attempts: attempts.length, tookMs, queuedMs, status, class: type, code };
}
