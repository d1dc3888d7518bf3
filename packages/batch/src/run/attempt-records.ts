import type { BatchRequest } from "../formats/batch-request.js";
import { modelOf, mostOutputTokens } from "../formats/request-facts.js";
import type { AttemptRecord } from "../journal/records.js";
import type { Attempt } from "./attempt-log.js";
import type { Sent } from "./send.js";

/** What an item came to, with what it cost. */
export interface Used extends Sent {
  readonly cost: number | undefined;
}

const NOTHING_USED = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, cost: undefined };

/** The attempts as the journal keeps them. The tokens of an item belong to the one that was answered, its last. */
export function attemptRecords(
  request: BatchRequest,
  attempts: readonly Attempt[],
  used: Used | undefined,
): readonly AttemptRecord[] {
  const model = modelOf(request);
  const maxTokens = mostOutputTokens(request) || undefined;
  return attempts.map((attempt, index) => {
    const isLast = index === attempts.length - 1;
    const { inputTokens, outputTokens, cachedTokens, cost } = (isLast ? used : undefined) ?? NOTHING_USED;
    const status = isLast && used?.outcome.kind === "answer" ? used.outcome.status : attempt.status;
    const { number, startedMs, waitedMs, queuedMs, tookMs, code, class: type, endpoint } = attempt;
    // Field by field: spread, it costs as much as writing it down.
    return {
      number,
      startedMs,
      waitedMs,
      queuedMs,
      tookMs,
      status,
      code,
      class: type,
      endpoint,
      model,
      maxTokens,
      inputTokens,
      outputTokens,
      cachedTokens,
      cost,
    };
  });
}
