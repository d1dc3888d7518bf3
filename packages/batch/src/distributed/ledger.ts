import { type LaneState, PRICE_LIST, type PriceList } from "@bide/llm";
import type { Clock } from "bide";
import { type ItemOutcome, isSuccess } from "../formats/batch-response.js";
import { modelOf } from "../formats/request-facts.js";
import type { Journal } from "../journal/journal.js";
import { attemptRecords } from "../run/attempt-records.js";
import type { BatchEvent } from "../run/events.js";
import { costOfAnswer } from "../run/money.js";
import { type Figures, noFigures } from "../run/progress.js";
import type { Delivery } from "./mailbox.js";
import type { DistributedOptions } from "./options.js";
import type { WorkResult } from "./work.js";

const LOST: ItemOutcome = {
  kind: "failure",
  code: "worker_lost",
  message: "the workers that took the request died, one after another, or could not read it",
};
const NO_RESULT: Omit<WorkResult, "worker"> = {
  ...{ outcome: LOST, attempts: [], inputTokens: 0, outputTokens: 0, cachedTokens: 0 },
};

/** Writes down what workers made of items, and counts. */
export class Ledger {
  readonly figures: Figures;
  /** The workers' quota, as it was last heard of. */
  lanes: readonly LaneState[] = [];
  readonly #journal: Journal;
  readonly #prices: PriceList;
  readonly #onEvent: DistributedOptions["onEvent"];

  constructor(journal: Journal, clock: Clock, options: DistributedOptions) {
    const { prices = PRICE_LIST, onEvent, limit = Number.POSITIVE_INFINITY, sample = limit } = options;
    this.#journal = journal;
    this.#prices = prices;
    this.#onEvent = onEvent;
    this.figures = noFigures(clock);
    const { total, succeeded, failed } = journal.counts();
    const before = succeeded + failed;
    Object.assign(this.figures, { total, before, failedBefore: failed, limit: Math.min(limit, sample) });
  }

  get prices(): PriceList {
    return this.#prices;
  }

  /** @returns When it is on the disk: what it cost, where its model has a price. */
  async record(delivery: Exclude<Delivery, { readonly kind: "gone" }>): Promise<number | undefined> {
    const { item, request } = delivery.open;
    const result = delivery.kind === "answered" ? delivery.result : NO_RESULT;
    const { outcome } = result;
    const cost = isSuccess(outcome) ? costOfAnswer(this.#prices, modelOf(request), result) : undefined;
    const worker = delivery.kind === "answered" ? delivery.result.worker : undefined;
    const attempts = attemptRecords(request, result.attempts, result, cost).map((each) => ({ ...each, worker }));
    await this.#journal.record({ item, attempts, outcome });
    this.#count(result, cost);
    const { inputTokens, outputTokens } = result;
    const found = outcome.kind === "answer" ? { status: outcome.status } : { code: outcome.code };
    const told = { customId: item.customId, ok: isSuccess(outcome), ...found, inputTokens, outputTokens, cost };
    this.tell({ type: "item-done", ...told, attempts: attempts.length });
    return cost;
  }

  tell(event: BatchEvent): void {
    try {
      this.#onEvent?.(event);
    } catch {
      // Whoever looks on changes no outcome.
    }
  }

  #count({ outcome, attempts, ...used }: Omit<WorkResult, "worker">, cost: number | undefined): void {
    const { figures } = this;
    if (isSuccess(outcome)) figures.succeeded++;
    else figures.failed++;
    figures.attempts += attempts.length;
    for (const { status, class: type } of attempts) {
      if (status === 429) figures.rateLimited++;
      if (type) figures.failures[type] = (figures.failures[type] ?? 0) + 1;
    }
    figures.inputTokens += used.inputTokens;
    figures.outputTokens += used.outputTokens;
    figures.cachedTokens += used.cachedTokens;
    figures.cost += cost ?? 0;
    if (isSuccess(outcome) && cost === undefined) figures.unpriced++;
  }
}
