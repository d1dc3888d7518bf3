import { systemClock } from "bide";
import { checkInteger, toMs } from "bide/kit";
import { checkInput, checkOutput, filesOf } from "../files.js";
import { Journal } from "../journal/journal.js";
import { openLibsql } from "../journal/libsql.js";
import { importInput } from "../run/import-input.js";
import { inputOf } from "../run/input.js";
import { openRequests } from "../run/item-feed.js";
import type { BatchSummary } from "../run/options.js";
import type { Stop } from "../run/stop.js";
import { Coordinator, runOf } from "./coordinator.js";
import { connect, reach } from "./engine.js";
import { Mailbox } from "./mailbox.js";
import { DISTRIBUTED_DEFAULTS, type DistributedOptions } from "./options.js";
import { persistenceWarnings } from "./persistence.js";
import { Seal } from "./seal.js";

const INTERRUPTED: Stop = { reason: "interrupted", message: "interrupted" };

/**
 * Drives a file of requests to its end by workers on any machines: puts what is open into Redis, a window at a time, and
 * writes what they make of it to the same journal and output as `runBatch`. Run again after whatever ended it, it goes on
 * where it was, with one machine or many.
 *
 * @throws InputError, OutputError, JournalError, OptionError, RedisGoneError before the first request.
 */
export async function runDistributed(options: DistributedOptions): Promise<BatchSummary> {
  const { clock = systemClock, openDatabase = openLibsql, window = DISTRIBUTED_DEFAULTS.window } = options;
  checkInteger(window, "window", 1, false);
  const promptsForMs = toMs(options.promptsFor ?? DISTRIBUTED_DEFAULTS.promptsFor, "promptsFor");
  const files = filesOf(options.output);
  checkInput(options.input);
  const input = inputOf({ input: options.input });
  checkOutput(files);
  const journal = Journal.open({ path: files.journal, openDatabase, clock });
  const redis = connect(options.redis);
  try {
    await reach(redis, clock);
    const changes = await importInput(journal, input);
    if (options.retryFailed) journal.reopenFailed();
    for (const sentence of await persistenceWarnings(redis)) options.onWarning?.(sentence);
    const run = runOf(journal);
    const seal = new Seal(options.secret, run);
    const mailbox = new Mailbox({ redis, run, seal, promptsForMs });
    const source = { journal, input, isStopped: () => false };
    const requests = openRequests(source);
    const coordinator = new Coordinator({
      ...{ journal, files, redis, mailbox, run, seal, requests, clock, window, options },
    });
    options.onEvent?.({ type: "run-started", progress: coordinator.figures, changes, lanes: () => [] });
    const release = listen(coordinator, options, () => redis.disconnect());
    try {
      return await coordinator.drive();
    } finally {
      release();
      await requests.return();
    }
  } finally {
    redis.disconnect();
    journal.close();
  }
}

/** Hears both signals; returns what takes that back. */
function listen(coordinator: Coordinator, { drain, signal }: DistributedOptions, cut: () => void): () => void {
  const drained = (): void => coordinator.end(INTERRUPTED, false);
  const stopped = (): void => {
    coordinator.end(INTERRUPTED, true);
    // Whatever waits for Redis, for ever when it is gone, is let go.
    cut();
  };
  drain?.addEventListener("abort", drained);
  signal?.addEventListener("abort", stopped);
  if (drain?.aborted) drained();
  if (signal?.aborted) stopped();
  return () => {
    drain?.removeEventListener("abort", drained);
    signal?.removeEventListener("abort", stopped);
  };
}
