import type { PriceList } from "@bide/llm";
import { type Clock, systemClock } from "bide";
import { checkInteger, optionError, toMs } from "bide/kit";
import type { Redis } from "ioredis";
import { checkInput, checkLayout, checkOutput, filesOf } from "../files.js";
import { isObject, parsedJson } from "../formats/json.js";
import { Journal } from "../journal/journal.js";
import { openLibsql } from "../journal/libsql.js";
import type { RunSettings } from "../journal/records.js";
import { checkBatchOptions } from "../run/checked-options.js";
import { importInput } from "../run/import-input.js";
import { inputOf } from "../run/input.js";
import { openRequests } from "../run/item-feed.js";
import { costBoundOf } from "../run/money.js";
import type { BatchSummary } from "../run/options.js";
import type { Stop } from "../run/stop.js";
import { Coordinator, type CoordinatorParts, runOf } from "./coordinator.js";
import { connect, reach } from "./engine.js";
import { Feed } from "./feed.js";
import { Ledger } from "./ledger.js";
import { Mailbox } from "./mailbox.js";
import { DISTRIBUTED_DEFAULTS, type DistributedOptions } from "./options.js";
import { markOf } from "./order.js";
import { persistenceWarnings } from "./persistence.js";
import { knownWorkers } from "./registry.js";
import { Seal } from "./seal.js";

const INTERRUPTED: Stop = { reason: "interrupted", message: "interrupted" };
const TIME_SPENT: Stop = { reason: "time-budget", message: "the time budget is spent" };

/**
 * Drives a file of requests to its end by workers on any machines: puts what is open into Redis, a window at a time, and
 * writes what they make of it to the same journal and output as `runBatch`. Run again after whatever ended it, it goes on
 * where it was, with one machine or many.
 *
 * @throws InputError, OutputError, JournalError, OptionError, RedisGoneError before the first request.
 */
export async function runDistributed(options: DistributedOptions): Promise<BatchSummary> {
  const { clock = systemClock, openDatabase = openLibsql } = options;
  checkOptions(options);
  const files = filesOf(options.output);
  if (typeof options.input === "string" && options.input !== "-") checkInput(options.input);
  const input = inputOf(options);
  checkOutput(files);
  checkLayout(files, input.isCsv);
  const journal = Journal.open({ path: files.journal, openDatabase, clock });
  const redis = connect(options.redis);
  try {
    await reach(redis, clock);
    const changes = await importInput(journal, input);
    if (options.retryFailed) journal.reopenFailed();
    for (const sentence of await persistenceWarnings(redis)) options.onWarning?.(sentence);
    const costBound = costBoundOf(journal, options);
    const requests = openRequests({ ...options, journal, input });
    try {
      const feed = new Feed(requests, costBound);
      const ledger = new Ledger(journal, clock, options);
      const coordinator = new Coordinator({
        ...mailTo(redis, journal, options),
        ...{ input: input.name, journal, ledger, files, feed, options },
      });
      ledger.tell({ type: "run-started", progress: ledger.figures, changes, lanes: () => ledger.lanes });
      const record = journal.beginRun(clock.wallNowMs(), await settingsOfRun(redis, ledger.prices));
      const release = listen(coordinator, options, clock, () => redis.disconnect());
      try {
        const summary = await coordinator.drive();
        journal.endRun(record, clock.wallNowMs(), summary.stop?.reason ?? "done");
        ledger.tell({ type: "run-ended", summary });
        return summary;
      } catch (error) {
        journal.tryEndRun(record, clock.wallNowMs(), "error");
        throw error;
      } finally {
        release();
      }
    } finally {
      await requests.return();
    }
  } finally {
    redis.disconnect();
    journal.close();
  }
}

const OPTIONS: { readonly [option in keyof Required<DistributedOptions>]: true } = {
  ...{ input: true, prompts: true, output: true, order: true, retryFailed: true, timeBudget: true, limit: true },
  ...{ sample: true, model: true, prices: true, maxCost: true, drain: true, signal: true, clock: true },
  ...{ openDatabase: true, onEvent: true, redis: true, window: true, promptsFor: true, secret: true, schema: true },
  onWarning: true,
};

/** @throws OptionError for one that is unknown or out of range. */
function checkOptions(options: DistributedOptions): void {
  checkBatchOptions(options, "runDistributed", Object.keys(OPTIONS));
  const { window, promptsFor, redis } = options;
  if (window !== undefined) checkInteger(window, "window", 1, false);
  toMs(promptsFor ?? DISTRIBUTED_DEFAULTS.promptsFor, "promptsFor");
  // Not shown: it may hold a password.
  if (typeof redis !== "string" || redis === "") throw optionError("redis", "the address of a Redis", typeof redis);
}

/** The run in Redis, and what goes there and comes back. */
function mailTo(
  redis: Redis,
  journal: Journal,
  { secret, promptsFor, schema }: DistributedOptions,
): Pick<CoordinatorParts, "redis" | "run" | "seal" | "mailbox"> {
  const run = runOf(journal);
  const seal = new Seal(secret, run);
  const promptsForMs = toMs(promptsFor ?? DISTRIBUTED_DEFAULTS.promptsFor, "promptsFor");
  return { redis, run, seal, mailbox: new Mailbox({ redis, run, seal, promptsForMs, mark: markOf(schema) }) };
}

/** What the journal is to know of a run: the endpoints are those of the workers that are there when it begins. */
async function settingsOfRun(redis: Redis, { date, currency }: PriceList): Promise<RunSettings> {
  const told = (await knownWorkers(redis)).map(({ facts }) => String(facts["endpoint"] ?? ""));
  const endpoints = [...new Set(told)].flatMap((text) => (isObject(parsedJson(text)) ? [JSON.parse(text)] : []));
  return { endpoints, prices: { date, currency } };
}

/** Hears both signals and the end of the time budget; returns what takes that back. */
function listen(coordinator: Coordinator, options: DistributedOptions, clock: Clock, cut: () => void): () => void {
  const { drain, signal, timeBudget } = options;
  const over = new AbortController();
  const budgetMs = toMs(timeBudget ?? Number.POSITIVE_INFINITY, "timeBudget");
  if (budgetMs !== Number.POSITIVE_INFINITY) {
    clock.sleep(budgetMs, over.signal).then(
      () => coordinator.end(TIME_SPENT, false),
      () => undefined,
    );
  }
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
    over.abort();
    drain?.removeEventListener("abort", drained);
    signal?.removeEventListener("abort", stopped);
  };
}
