import type { BatchFiles } from "../files.js";
import type { Counts } from "../journal/records.js";
import type { RestEstimate } from "./estimate.js";
import type { BatchSummary } from "./options.js";
import type { Progress } from "./progress.js";
import type { Stop } from "./stop.js";

/** What a run came to. */
export interface SummaryParts {
  readonly counts: Counts;
  readonly figures: Progress;
  readonly files: BatchFiles;
  readonly stop: Stop | undefined;
  readonly currency: string;
  readonly rest?: RestEstimate | undefined;
}

/** Sums a run up. */
export function summaryOf({ counts, figures, files, stop, currency, rest }: SummaryParts): BatchSummary {
  const { total, open, succeeded, failed } = counts;
  const { before, attempts, rateLimited, inputTokens, outputTokens, cachedTokens, cost, unpriced, elapsedMs } = figures;
  const { results, errors, journal } = files;
  return {
    ...{ total, succeeded, failed, open, before },
    ...{ attempts, rateLimited, inputTokens, outputTokens, cachedTokens, cost, unpriced, currency, elapsedMs },
    stop: open === 0 ? undefined : stop,
    ...(rest && { rest }),
    ...{ results, errors: failed > 0 ? errors : undefined, journal },
  };
}
