import type { AttemptRecord } from "../journal/records.js";
import { Histogram } from "./histogram.js";
import type { WorkerShare } from "./report-data.js";

/** Adds up what one worker did. */
export class WorkerTally {
  readonly #worker: string;
  readonly #latencyMs = new Histogram();
  items = 0;
  #attempts = 0;
  #failed = 0;
  #rateLimited = 0;

  constructor(worker: string) {
    this.#worker = worker;
  }

  add({ status, tookMs }: AttemptRecord, isAnswered: boolean): void {
    this.#attempts++;
    if (status === 429) this.#rateLimited++;
    if (isAnswered) this.#latencyMs.add(tookMs);
    else this.#failed++;
  }

  share(): WorkerShare {
    return {
      worker: this.#worker,
      items: this.items,
      attempts: this.#attempts,
      failed: this.#failed,
      rateLimited: this.#rateLimited,
      latencyMs: this.#latencyMs.percentiles(),
    };
  }
}
