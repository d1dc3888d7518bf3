import type { LaneState } from "@bide/llm";
import type { RunRecord } from "../journal/records.js";
import type { Limits } from "./report-data.js";

/** What was let in per minute: as the quota of the last run knew it at its end, else as the run was told. */
export function limitsOf(run: RunRecord | undefined, lanes: readonly LaneState[], models: number): Limits {
  const { endpoints = [], concurrency } = run?.settings ?? {};
  // Each endpoint lets in so much of each model.
  const told = (what: "rpm" | "tpm"): number | undefined =>
    sumOf(
      endpoints.map((endpoint) => endpoint[what]),
      Math.max(1, models),
    );
  return {
    rpm: sumOf(lanes.map((lane) => perMinute(lane, "requests"))) ?? told("rpm"),
    tpm: sumOf(lanes.map((lane) => perMinute(lane, "tokens"))) ?? told("tpm"),
    concurrency,
  };
}

/** What a lane lets in; nothing where that is only searched for. */
function perMinute({ currencies }: LaneState, currency: string): number | undefined {
  const bucket = currencies[currency];
  return bucket === undefined || bucket.source === "searched" ? undefined : (bucket.limit / bucket.perMs) * 60_000;
}

/** The sum, where every part of it is known. */
function sumOf(parts: readonly (number | undefined)[], times = 1): number | undefined {
  if (parts.length === 0) return undefined;
  let sum = 0;
  for (const part of parts) {
    if (part === undefined) return undefined;
    sum += part * times;
  }
  return sum;
}
