import type { BatchSummary } from "@bide/batch";
import { restText } from "./estimate.js";
import { count, money, percent, plural, time } from "./format.js";
import { rowsText } from "./rows.js";

/** What a run came to, for people. */
export function summaryText(summary: BatchSummary): string {
  const { succeeded, total, errors, failed, open, attempts, rateLimited, inputTokens, outputTokens, results } = summary;
  const rows = rowsText([
    ["succeeded", `${count(succeeded)} of ${count(total)}${beforeText(summary)}`],
    ["failed", errors === undefined ? count(failed) : `${count(failed)}, see ${errors}`],
    ["left", open > 0 ? count(open) : undefined],
    ["requests", `${count(attempts)}${rateLimitedText(attempts, rateLimited)}`],
    ["tokens", `${count(inputTokens)} in, ${count(outputTokens)} out`],
    ["cost", costText(summary)],
    ["time", `${time(summary.elapsedMs)}${rateText(summary)}`],
    ["the rest", summary.rest && restText(summary.rest, summary)],
    ["results", open > 0 ? undefined : results],
  ]);
  return `${rows}${resumeText(summary)}`;
}

function beforeText({ before }: BatchSummary): string {
  return before > 0 ? ` (${count(before)} were done before)` : "";
}

function rateLimitedText(attempts: number, rateLimited: number): string {
  return rateLimited === 0
    ? ""
    : `, ${count(rateLimited)} of them (${percent(rateLimited / attempts)}) answered with 429`;
}

/** A sum, and for how many answers it is not the whole of it; nothing where no answer has a price. */
function costText({ cost, unpriced, currency }: BatchSummary): string | undefined {
  const rest = unpriced > 0 ? `${plural(unpriced, "answer")} of models without a price (see --prices)` : "";
  if (cost === 0) return rest === "" ? undefined : `not known: ${rest}`;
  return `${money(cost, currency)}${rest === "" ? "" : `, and ${rest}`}`;
}

/** Failures are done as well, and no results. */
function rateText({ succeeded, failed, before, elapsedMs }: BatchSummary): string {
  const done = succeeded + failed - before;
  return done > 0 && elapsedMs > 0 ? `, ${((done / elapsedMs) * 1000).toFixed(1)} done/s` : "";
}

function resumeText({ open, stop, results }: BatchSummary): string {
  if (open === 0) return "";
  const why = stop === undefined ? "" : `stopped: ${stop.message}. `;
  const rest = plural(open, "request");
  return `\n${why}${rest} left: run the same command again to go on; bide export ${results} writes what is done`;
}
