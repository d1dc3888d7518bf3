import type { BatchSummary } from "@bide/batch";
import { restText } from "./estimate.js";
import { count, plural, time } from "./format.js";

/** What a run came to, for people. */
export function summaryText(summary: BatchSummary): string {
  const rows: (readonly [string, string])[] = [
    ["succeeded", `${count(summary.succeeded)} of ${count(summary.total)}${beforeText(summary)}`],
    ["failed", summary.errors === undefined ? "0" : `${count(summary.failed)}, see ${summary.errors}`],
    ...(summary.open > 0 ? [["left", count(summary.open)] as const] : []),
    ["attempts", `${count(summary.attempts)}, ${count(summary.rateLimited)} of them answered with 429`],
    ["tokens", `${count(summary.inputTokens)} in, ${count(summary.outputTokens)} out`],
    ["time", `${time(summary.elapsedMs)}${rateText(summary)}`],
    ...(summary.rest ? [["the rest", restText(summary.rest, summary)] as const] : []),
    ...(summary.open > 0 ? [] : [["results", summary.results] as const]),
  ];
  const lines = rows.map(([name, text]) => `${name.padEnd(9)}  ${text}`);
  return [...lines, ...resumeText(summary)].join("\n");
}

function beforeText({ before }: BatchSummary): string {
  return before > 0 ? ` (${count(before)} were done before)` : "";
}

function rateText({ succeeded, failed, before, elapsedMs }: BatchSummary): string {
  const done = succeeded + failed - before;
  return done > 0 && elapsedMs > 0 ? `, ${((done / elapsedMs) * 1000).toFixed(1)} results/s` : "";
}

function resumeText({ open, stop, results }: BatchSummary): readonly string[] {
  if (open === 0) return [];
  const why = stop === undefined ? "" : `stopped: ${stop.message}. `;
  return [
    `${why}${plural(open, "request")} left: run the same command again to go on; bide export ${results} writes what is done`,
  ];
}
