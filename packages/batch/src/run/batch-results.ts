import type { BatchOutput } from "../formats/batch-response.js";
import { checkBatchOptions } from "./checked-options.js";
import { Handover } from "./handover.js";
import type { BatchOptions, BatchSummary } from "./options.js";
import { runBatchTo } from "./run-batch.js";

/**
 * Runs a batch as `runBatch` does, and gives every result of it: first those that earlier runs brought, in the order of the
 * input, then each as soon as it is on the disk. A reader who is slow holds the run up; one who leaves ends it, as `drain`
 * does, and the next run goes on. Returns the summary.
 *
 * @throws What `runBatch` throws.
 */
export async function* batchResults(options: BatchOptions): AsyncGenerator<BatchOutput, BatchSummary, void> {
  checkBatchOptions(options, "batchResults");
  const left = new AbortController();
  const results = new Handover<BatchOutput>();
  const drain = options.drain ? AbortSignal.any([options.drain, left.signal]) : left.signal;
  const running = runBatchTo({ ...options, drain }, (line) => results.give(JSON.parse(line)));
  const over = running.finally(() => results.end());
  // Whoever leaves does not wait for it; whoever stays hears of it below.
  over.catch(() => undefined);
  try {
    yield* results;
    return await over;
  } finally {
    left.abort();
    results.end();
    await running.catch(() => undefined);
  }
}
