import { isSuccess } from "../formats/batch-response.js";
import type { Attempt, ItemRecord } from "../journal/records.js";
import type { AttemptWatcher } from "./attempt-log.js";
import type { BatchEvent } from "./events.js";
import type { Figures } from "./progress.js";
import type { Sent } from "./send.js";

/** What became of an item that is done. */
export type FinishedRecord = ItemRecord & Required<Pick<ItemRecord, "outcome">>;

/** Counts what a run does, and tells it. */
export class Teller implements AttemptWatcher {
  readonly #figures: Figures;
  readonly #tell: (event: BatchEvent) => void;

  constructor(figures: Figures, tell: (event: BatchEvent) => void) {
    this.#figures = figures;
    this.#tell = tell;
  }

  began(number: number, customId: string): void {
    this.#figures.sending++;
    this.#tell({ type: "attempt-started", customId, number });
  }

  ended(attempt: Attempt, customId: string): void {
    const figures = this.#figures;
    const { status, class: type } = attempt;
    figures.sending--;
    figures.attempts++;
    if (status === 429) figures.rateLimited++;
    if (type) figures.failures[type] = (figures.failures[type] ?? 0) + 1;
    this.#tell({ type: "attempt-ended", customId, attempt });
  }

  /** An item has its result, and the result is on the disk. */
  done({ item, attempts, outcome }: FinishedRecord, sent: Sent, cost: number | undefined): void {
    this.#count(sent, cost);
    const { inputTokens, outputTokens } = sent;
    this.#tell({
      type: "item-done",
      customId: item.customId,
      ok: isSuccess(sent.outcome),
      status: outcome?.kind === "answer" ? outcome.status : undefined,
      code: outcome?.kind === "failure" ? outcome.code : undefined,
      attempts: attempts.length,
      inputTokens,
      outputTokens,
      cost,
    });
  }

  #count({ outcome, inputTokens, outputTokens, cachedTokens }: Sent, cost: number | undefined): void {
    const figures = this.#figures;
    if (isSuccess(outcome)) figures.succeeded++;
    else figures.failed++;
    figures.inputTokens += inputTokens;
    figures.outputTokens += outputTokens;
    figures.cachedTokens += cachedTokens;
    figures.cost += cost ?? 0;
    if (isSuccess(outcome) && cost === undefined) figures.unpriced++;
  }
}
