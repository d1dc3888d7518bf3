import type { JournalAttempt } from "../journal/reader.js";
import { Histogram } from "./histogram.js";
import type { FailureKind, ItemShown, ModelShare, WorkerShare } from "./report-data.js";
import { WorkerTally } from "./worker-tally.js";

/** How many of the slowest items are shown. */
const SLOWEST = 20;

/** Adds up attempts, in the order in which the journal has them: those of an item stand together. */
export class Tally {
  attempts = 0;
  rateLimited = 0;
  inputTokens = 0;
  outputTokens = 0;
  cachedTokens = 0;
  cost = 0;
  unpriced = 0;
  /** Tokens that were charged when requests were let in, if the bound on their output was. */
  boundTokens = 0;
  /** The time that requests were under way, added up. */
  tookMs = 0;
  /** Answers that used all the output tokens that they had, so that they may be cut. */
  cut = 0;
  readonly latencyMs: Histogram = new Histogram();
  readonly queuedMs: Histogram = new Histogram();
  readonly itemMs: Histogram = new Histogram();
  readonly outputs: Histogram = new Histogram();
  /** How many requests set each bound on output tokens. */
  readonly bounds: Map<number, number> = new Map();
  readonly #models = new Map<string, { -readonly [field in keyof ModelShare]: ModelShare[field] }>();
  readonly #failures = new Map<string, { -readonly [field in keyof FailureKind]: FailureKind[field] }>();
  readonly #workers = new Map<string, WorkerTally>();
  readonly #slowest: ItemShown[] = [];

  add(attempt: JournalAttempt): void {
    this.attempts++;
    this.tookMs += attempt.tookMs;
    this.boundTokens += boundTokensOf(attempt, attempt.maxTokens);
    this.queuedMs.add(attempt.queuedMs ?? 0);
    if (attempt.status === 429) this.rateLimited++;
    if (isAnswered(attempt)) this.#addAnswer(attempt);
    else this.#addFailure(attempt);
    this.#addModel(attempt);
    if (attempt.worker !== undefined) this.#workerOf(attempt.worker).add(attempt, isAnswered(attempt));
  }

  /** An item is over, in one run. @param worker Who ended it, where several work. */
  addItem(item: ItemShown, worker: string | undefined): void {
    this.itemMs.add(item.tookMs);
    if (worker !== undefined) this.#workerOf(worker).items++;
    const slowest = this.#slowest;
    if (slowest.length === SLOWEST && item.tookMs <= (slowest.at(-1)?.tookMs ?? 0)) return;
    slowest.push(item);
    slowest.sort((a, b) => b.tookMs - a.tookMs);
    slowest.length = Math.min(slowest.length, SLOWEST);
  }

  get models(): readonly ModelShare[] {
    return [...this.#models.values()].sort((a, b) => b.attempts - a.attempts);
  }

  get failures(): readonly FailureKind[] {
    return [...this.#failures.values()].sort((a, b) => b.attempts - a.attempts);
  }

  get workers(): readonly WorkerShare[] {
    return [...this.#workers.values()].map((worker) => worker.share()).sort((a, b) => b.attempts - a.attempts);
  }

  get slowest(): readonly ItemShown[] {
    return this.#slowest;
  }

  #workerOf(name: string): WorkerTally {
    const worker = this.#workers.get(name) ?? new WorkerTally(name);
    this.#workers.set(name, worker);
    return worker;
  }

  #addAnswer({ tookMs, inputTokens, outputTokens, cachedTokens = 0, maxTokens, cost }: JournalAttempt): void {
    this.latencyMs.add(tookMs);
    this.inputTokens += inputTokens;
    this.outputTokens += outputTokens;
    this.cachedTokens += cachedTokens;
    this.cost += cost ?? 0;
    if (cost === undefined) this.unpriced++;
    if (outputTokens > 0) this.outputs.add(outputTokens);
    if (maxTokens === undefined) return;
    this.bounds.set(maxTokens, (this.bounds.get(maxTokens) ?? 0) + 1);
    if (outputTokens >= maxTokens) this.cut++;
  }

  #addFailure({ class: decided, code = "", status }: JournalAttempt): void {
    // Neither an answer nor a failure of it: the run ended, or another request was faster.
    const type = decided ?? (status === undefined ? "cut" : "unknown");
    const key = `${type} ${code} ${status}`;
    const kind = this.#failures.get(key) ?? { class: type, code, status, attempts: 0 };
    kind.attempts++;
    this.#failures.set(key, kind);
  }

  #addModel({ model = "not named", inputTokens, outputTokens, cost = 0 }: JournalAttempt): void {
    const share = this.#models.get(model) ?? { model, attempts: 0, inputTokens: 0, outputTokens: 0, cost: 0 };
    share.attempts++;
    share.inputTokens += inputTokens;
    share.outputTokens += outputTokens;
    share.cost += cost;
    this.#models.set(model, share);
  }
}

/** Whether an attempt brought an answer that counts. */
export function isAnswered({ status = 0, class: type }: JournalAttempt): boolean {
  return status >= 200 && status < 300 && type === undefined;
}

/** The tokens that a request is let in for where its bound on the output is charged: the bound, or the input if that is more. */
export function boundTokensOf({ inputTokens, outputTokens }: JournalAttempt, maxTokens: number | undefined): number {
  return maxTokens === undefined ? inputTokens + outputTokens : Math.max(maxTokens, inputTokens);
}
