import type { BatchEstimate, BatchSummary, RestEstimate } from "@bide/batch";
import { count, money, plural, short, time } from "./format.js";
import { rowsText } from "./rows.js";

/** What a file will take, for people. */
export function estimateText(file: string, estimate: BatchEstimate): string {
  const { total, open, inputTokens, outputTokens, unbounded, models } = estimate;
  const done = total - open;
  const names = [...models].map(([model, requests]) => `${model || "no model"} ${count(requests)}`);
  const rows = rowsText([
    ["requests", `${count(open)}${done > 0 ? ` left of ${count(total)}` : ""}`],
    ["models", names.slice(0, 5).join(", ") + (names.length > 5 ? `, and ${count(names.length - 5)} more` : "")],
    ["tokens", `about ${short(inputTokens)} in, at most ${short(outputTokens)} out${unboundedText(unbounded)}`],
    ["cost", costText(estimate)],
    ["time", timeText(estimate)],
  ]);
  return `${file}: nothing was sent\n${rows}`;
}

/** The same for programs: one JSON object. */
export function estimateJson({ models, ...estimate }: BatchEstimate): string {
  return JSON.stringify({ type: "run-estimated", ...estimate, models: Object.fromEntries(models) });
}

/** What the rest of a file will take, by what a part of it took. */
export function restText(
  { timeMs, cost, inputTokens, outputTokens }: RestEstimate,
  { currency, unpriced }: Pick<BatchSummary, "currency" | "unpriced">,
): string {
  const sum = unpriced > 0 && cost === 0 ? "cost unknown" : `about ${money(cost, currency)}`;
  return `about ${time(timeMs)}, ${sum}, ${short(inputTokens)} tokens in, ${short(outputTokens)} out`;
}

function unboundedText(unbounded: number): string {
  return unbounded === 0 ? "" : `, and what ${plural(unbounded, "request")} without max_tokens may take`;
}

function costText({ open, cost, currency, pricesOf, unpriced, unbounded }: BatchEstimate): string {
  if (open > 0 && unpriced === open) return "unknown: no price for the model; give --prices";
  const bound = unbounded > 0 ? "at least " : "at most ";
  const missing = unpriced > 0 ? `, and ${plural(unpriced, "request")} without a price` : "";
  return `${bound}${money(cost, currency)} at the prices of ${pricesOf}${missing}`;
}

function timeText({ timeMs, binds }: BatchEstimate): string {
  if (timeMs === undefined) return "unknown: no limit was told";
  const by = binds === undefined ? "" : `, bound by ${binds} per minute`;
  return `${time(timeMs)} and the time of the last answer${by}`;
}
