import type { BatchRequest } from "../formats/batch-request.js";
import { modelOf, mostOutputTokens } from "../formats/request-facts.js";
import type { Attempt, AttemptRecord } from "../journal/records.js";
import type { Sent } from "./send.js";

const NOTHING_USED = { inputTokens: 0, outputTokens: 0, cachedTokens: 0 };

/**
 * The attempts as the journal keeps them. The tokens of an item belong to the one that was answered, its last.
 *
 * @param used What the item came to, with what it cost, once it came to something.
 */
export function attemptRecords(
  request: BatchRequest,
  attempts: readonly Attempt[],
  used?: Sent,
  costOfUse?: number,
): readonly AttemptRecord[] {
  const model = modelOf(request);
  const maxTokens = mostOutputTokens(request) || undefined;
  return attempts.map((attempt, index) => {
    const isLast = index === attempts.length - 1;
    const cost = isLast ? costOfUse : undefined;
    const { inputTokens, outputTokens, cachedTokens } = (isLast ? used : undefined) ?? NOTHING_USED;
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
