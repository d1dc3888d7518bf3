import type { Clock } from "bide";
import { isSuccess } from "../formats/batch-response.js";
import type { Journal } from "../journal/journal.js";
import type { AttemptRecord, Item } from "../journal/records.js";
import { type Attempt, type AttemptWatcher, ItemRun, recordedIn } from "./attempt-log.js";
import type { OpenRequest } from "./item-feed.js";
import type { ItemResult } from "./options.js";
import type { Figures } from "./progress.js";
import { type Sender, type Sent, send } from "./send.js";
import { type Stop, stopOf } from "./stop.js";

/** What a pool works with. */
export interface PoolOptions {
  readonly journal: Journal;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly figures: Figures;
  /** Called at the first answer that ends the run. */
  readonly onStop: (stop: Stop) => void;
  readonly onResult?: ((result: ItemResult) => void) | undefined;
}

interface InFlight {
  readonly run: ItemRun;
  readonly controller: AbortController;
}

/** Given to items that are let go unfinished: they stay open, and the next run takes them. */
const LET_GO = Symbol("let go");

/** Works on many items at once and writes down what becomes of each. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #watcher: AttemptWatcher;
  readonly #inFlight = new Set<InFlight>();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#watcher = watcherOf(options.figures);
  }

  /** Takes items until there are none, `concurrency` at a time. Rejects with the first error that is not an item's own. */
  async drain(items: AsyncGenerator<OpenRequest, void, void>, concurrency: number): Promise<void> {
    const worker = async (): Promise<void> => {
      for (let next = await items.next(); !next.done; next = await items.next()) await this.#work(next.value);
    };
    const workers = Array.from({ length: concurrency }, worker);
    try {
      await Promise.all(workers);
    } catch (error) {
      this.letGo("all");
      await items.return();
      await Promise.allSettled(workers);
      throw error;
    }
  }

  /** Lets go of items that only wait, so that the others can end soon; or of all, at once. */
  letGo(which: "waiting" | "all"): void {
    for (const { run, controller } of this.#inFlight) {
      if (which === "all" || run.isWaiting) controller.abort(LET_GO);
    }
  }

  async #work(open: OpenRequest): Promise<void> {
    const { clock, figures } = this.#options;
    const run = new ItemRun(clock.nowMs(), this.#watcher);
    const entry: InFlight = { run, controller: new AbortController() };
    this.#inFlight.add(entry);
    figures.inFlight++;
    try {
      await this.#answer(open, entry);
    } finally {
      figures.inFlight--;
      this.#inFlight.delete(entry);
    }
  }

  async #answer({ item, request }: OpenRequest, { run, controller }: InFlight): Promise<void> {
    const { journal, sender, onStop } = this.#options;
    const sent = await recordedIn(run, () => send(sender, request, controller.signal)).catch(letGoOnly);
    const attempts = attemptRecords(run.attempts, sent);
    const stop = sent && stopOf(sent.outcome);
    if (stop !== undefined) onStop(stop);
    if (sent === undefined || stop !== undefined) return journal.record({ item, attempts });
    // The place in the pool is held until the result is on the disk: what a kill can repeat stays below `concurrency`.
    await journal.record({ item, attempts, outcome: sent.outcome });
    this.#count(sent);
    this.#tell(resultOf(item, sent, attempts.length));
  }

  #tell(result: ItemResult): void {
    try {
      this.#options.onResult?.(result);
    } catch {
      // Whoever looks on changes no outcome.
    }
  }

  #count({ outcome, inputTokens, outputTokens }: Sent): void {
    const { figures } = this.#options;
    if (isSuccess(outcome)) figures.succeeded++;
    else figures.failed++;
    figures.inputTokens += inputTokens;
    figures.outputTokens += outputTokens;
  }
}

function resultOf({ customId }: Item, { outcome }: Sent, attempts: number): ItemResult {
  const ok = isSuccess(outcome);
  if (outcome.kind === "answer") return { customId, ok, status: outcome.status, attempts };
  return { customId, ok, code: outcome.code, attempts };
}

function letGoOnly(error: unknown): undefined {
  if (error !== LET_GO) throw error;
}

/** The tokens of an item belong to the attempt that was answered, its last. */
function attemptRecords(attempts: readonly Attempt[], sent: Sent | undefined): readonly AttemptRecord[] {
  return attempts.map((attempt, index) => {
    const { inputTokens = 0, outputTokens = 0 } = (index === attempts.length - 1 ? sent : undefined) ?? {};
    return { ...attempt, inputTokens, outputTokens };
  });
}

/** Keeps the figures of what is under way. */
function watcherOf(figures: Figures): AttemptWatcher {
  return {
    began: () => {
      figures.sending++;
    },
    ended: ({ status }) => {
      figures.sending--;
      figures.attempts++;
      if (status === 429) figures.rateLimited++;
    },
  };
}
